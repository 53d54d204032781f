#!/bin/bash
# SPDX-License-Identifier: MIT
# Userspace with the compiler's warnings as errors: that is build/user, but for what the
# Makefile compiles without meson. Those of clang are lint-tidy's.
set -eu
. "$(dirname "$0")/lib.sh"

need python3
for f in $(host_programs); do
	gcc -O2 -Wall -Wextra -Werror -c -o /dev/null "$f" ||
		lint_fail "a compiler"
done
lint_say gcc "$({ compiled; host_programs; } | sort -u | count)"
