#!/bin/bash
# SPDX-License-Identifier: MIT
# clang-tidy over userspace, with the options that gcc compiles it with.
set -eu -o pipefail
. "$(dirname "$0")/lib.sh"

# "tidy.sh FILE": options that only gcc knows are no fault, and the number of
# warnings in the system's headers is no news. Paths are made the repository's.
if [ $# -gt 0 ]; then
	case $1 in
	lab/*) options=("$1" -- -Wall -Wextra) ;;
	*) options=(-p "$build/user" "$1") ;;
	esac
	clang-tidy --quiet --extra-arg=-Wno-unknown-warning-option \
		"${options[@]}" 2>&1 |
		sed -E -e '/ warnings? generated\.$/d' \
		    -e "s|^($build/user/)?\.\./\.\./||" -e "s|^$top/||"
	exit
fi

need clang-tidy python3
list=$({ compiled; host_programs; } | sort -u)
each tidy ".clang-tidy lint/tidy.sh $(files '*.h' | tr '\n' ' ')" 1 \
	lint/tidy.sh <<<"$list" || lint_fail clang-tidy
lint_say tidy "$(count <<<"$list")"
