#!/bin/bash
# SPDX-License-Identifier: MIT
# checkpatch.pl --strict over every C file: no error, warning or check.
# "checkpatch.sh FILE" looks at one file.
set -eu
. "$(dirname "$0")/lib.sh"

checkpatch=$lint/checkpatch-6.12/checkpatch.pl
ignore=$top/lint/checkpatch.ignore
run=$lint/checkpatch-run

ignored_types()
{
	local pattern types

	while read -r pattern types; do
		# shellcheck disable=SC2053	# a pattern is meant
		[[ -z $pattern || $pattern == '#'* || $1 != $pattern ]] ||
			echo "$types"
	done <"$ignore" | tr ' ' '\n' | paste -sd,
}

# A directory to run in that looks like the repository. checkpatch.pl keeps a
# list of names that may be CamelCase where it runs, made from the kernel's
# headers; the one that it finds here has the names of C11.
prepare()
{
	rm -rf "$run"
	mkdir -p "$run"
	ln -s "$top"/*/ "$run"
	printf '%s\n' {PRI,SCN}{d,i,o,u,x,X}{8,16,32,64,MAX,PTR} \
		_Atomic _Generic _Static_assert _Thread_local \
		>"$run/.checkpatch-camelcase.date.0"
}

# Without a summary; it says nothing at all about a good file.
check()
{
	local types

	types=$(ignored_types "$1")
	cd "$run"
	GIT_DIR=none perl "$checkpatch" --strict --no-tree --root=. \
		--show-types --no-summary -q \
		${types:+--ignore "$types"} -f "$1"
}

if [ $# -gt 0 ]; then
	check "$1"
	exit
fi

"$top/lint/fetch-checkpatch.sh"
prepare
list=$(files '*.[ch]')
each checkpatch "$ignore $checkpatch lint/checkpatch.sh" lint/checkpatch.sh <<<"$list" ||
	lint_fail checkpatch
lint_say checkpatch "$(count <<<"$list")"
