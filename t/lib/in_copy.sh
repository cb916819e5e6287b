#!/bin/sh
# t/lib/in_copy.sh: runs a command in a copy of the tree that has no objects
# SPDX-License-Identifier: ISC
set -eu
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
trap 'exit 1' HUP INT TERM
chmod 711 "$copy"
cp -R Makefile conf milter t "$copy"
cd "$copy"
$MAKE clean
"$@"
