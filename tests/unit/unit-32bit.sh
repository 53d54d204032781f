#!/bin/bash
# SPDX-License-Identifier: MIT
# The driver's pure code on 32 bits: runs the program narrow, where there are a
# compiler and a kernel for such programs.
set -u

narrow=@narrow@

if [ ! -x "$narrow" ]; then
	echo '1..0 # SKIP the compiler makes no programs of 32 bits (libc6-dev-i386 and lib32gcc-N-dev)'
	exit
fi
# 126: a file that can be executed, but not here
"$narrow" 2>/dev/null
status=$?
if [ "$status" -eq 126 ]; then
	echo '1..0 # SKIP this kernel runs no programs of 32 bits'
	exit
fi
exit "$status"
