#!/bin/sh
# t/lib/coverage.sh: runs tests in a tree that is built for gcov, and says what they ran
# SPDX-License-Identifier: ISC
#
# A sandboxed daemon could not write its counts. An assert() that holds is no branch.
status=0
$MAKE check CFLAGS='-g -O0 --coverage -fprofile-update=atomic' CPPFLAGS=-DNDEBUG \
    SANDBOX='milter/os/sandbox_landlock_none.o milter/os/sandbox_seccomp_none.o' TESTS="$1" || status=$?
perl t/lib/coverage.pl '^milter/core/' && exit $status
