#!/bin/bash
# SPDX-License-Identifier: MIT
# Userspace with the compiler warnings of two compilers as errors: gcc's build
# is build/user, clang's is made here.
set -eu
. "$(dirname "$0")/lib.sh"

clang=$build/user-clang

configure()
{
	[ -e "$clang/build.ninja" ] || {
		rm -rf "$clang"
		CC=clang meson setup --werror -Dtests=true "$clang" "$top"
	}
}

compile_host_programs()
{
	local cc f

	for cc in gcc clang; do
		for f in $(host_programs); do
			"$cc" -O2 -Wall -Wextra -Werror -c -o /dev/null "$f" ||
				return
		done
	done
}

need clang python3
configured=$(configure 2>&1) || {
	echo "$configured" >&2
	lint_fail meson
}
step CLANG build/user-clang ninja -C "$clang" || lint_fail clang
compile_host_programs || lint_fail "a compiler"
lint_say gcc "$({ compiled; host_programs; } | sort -u | count)"
