#!/bin/sh
# t/fuzz/run.sh: builds and runs fuzz targets; what they find goes to $TOP/fuzz-NAME/
# SPDX-License-Identifier: ISC
set -eu
$MAKE fuzz-build
for target; do
	found=$TOP/fuzz-$target corpus=t/fuzz/corpus/$target dict=
	mkdir -p "$found" "$corpus"
	[ ! -f "t/fuzz/$target.dict" ] || dict=-dict=t/fuzz/$target.dict
	# shellcheck disable=SC2086  # lists of words
	"t/fuzz/$target" $dict -artifact_prefix="$found/" -max_len=4096 -timeout=10 $FUZZ_FLAGS "$found" "$corpus" \
	    </dev/null
done
