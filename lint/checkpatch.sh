#!/bin/bash
# SPDX-License-Identifier: MIT
# checkpatch.pl --strict over every C file: no error, warning or check.
# "checkpatch.sh FILE" looks at one file.
set -eu
. "$(dirname "$0")/lib.sh"

checkpatch=$lint/checkpatch-6.12/checkpatch.pl
ignore=$top/lint/checkpatch.ignore
run=$lint/checkpatch-run

# Patterns, and the types that each brings, with commas
patterns=() brings=()
read_ignored()
{
	local pattern words

	while read -r pattern words; do
		[[ -n $pattern && $pattern != '#'* ]] || continue
		patterns+=("$pattern")
		brings+=("${words// /,}")
	done <"$ignore"
}

# ignored_types FILE: in $passes
ignored_types()
{
	local i

	passes=
	for i in "${!patterns[@]}"; do
		# shellcheck disable=SC2053	# a pattern is meant
		[[ $1 != ${patterns[i]} ]] || passes+=${passes:+,}${brings[i]}
	done
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

# look TYPES FILE...: it says nothing at all about good files
look()
{
	local types=$1
	shift

	cd "$run"
	GIT_DIR=none perl "$checkpatch" --strict --no-tree --root=. \
		--show-types --no-summary -q \
		${types:+--ignore "$types"} -f "$@"
}

if [ "${1-}" = --look ]; then
	shift
	look "$@"
	exit
fi
read_ignored
if [ $# -gt 0 ]; then
	ignored_types "$1"
	look "$passes" "$1"
	exit
fi

# Most of the time that it takes for a file it takes to start, so it gets many: those
# for which it ignores the same.
check()
{
	local f status=0
	declare -A of

	while IFS= read -r f; do
		ignored_types "$f"
		of[types=$passes]+=$f$'\n'
	done
	for passes in "${!of[@]}"; do
		each checkpatch "$ignore $checkpatch lint/checkpatch.sh" 20 \
			lint/checkpatch.sh --look "${passes#types=}" \
			<<<"${of[$passes]%$'\n'}" || status=1
	done
	return "$status"
}

"$top/lint/fetch-checkpatch.sh"
prepare
list=$(files '*.[ch]')
check <<<"$list" || lint_fail checkpatch
lint_say checkpatch "$(count <<<"$list")"
