#!/bin/bash
# SPDX-License-Identifier: MIT
# Every shell script, found by its name or by its first line, with shellcheck.
set -eu
. "$(dirname "$0")/lib.sh"

scripts()
{
	local f first

	while IFS= read -r f; do
		IFS= read -r first <"$f" || first=
		if [[ $first =~ ^'#!'.*[/\ ](ba|da|)sh($|\ ) ]]; then
			echo "program $f"
		elif [[ $f == *.sh ]]; then
			echo "part $f"
		fi
	done
}

# A part is read by programs: names come in, others go out, and alone it shows
# neither (SC2154, SC2034). A program is seen with all the parts that it reads.
check()
{
	case $1 in
	program) shellcheck -x -P SCRIPTDIR "$2" ;;
	part) shellcheck -x -P SCRIPTDIR -e SC2034,SC2154 "$2" ;;
	esac
}

need shellcheck
list=$(files '*' | scripts)
bad=
while read -r kind f; do
	check "$kind" "$f" || bad=1
done <<<"$list"
[ -z "$bad" ] || lint_fail shellcheck
lint_say shell "$(count <<<"$list")"
