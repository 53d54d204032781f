#!/bin/bash
# SPDX-License-Identifier: MIT
# Every file begins with a licence line, which names the licence that
# .reuse/dep5 gives to its place, whose text is in LICENSES/.
set -eu
. "$(dirname "$0")/lib.sh"

# REUSE-IgnoreStart
tag='SPDX-License-Identifier:'
# REUSE-IgnoreEnd
# Stanzas of dep5 with this comment are of files that cannot hold a comment.
mute='no licence line'

# "PATTERN LICENCE", a line each; "-LICENCE" where no licence line is asked for.
layout()
{
	awk -v mute="$mute" '
	function flush(  i) {
		for (i = 2; i <= n; i++)
			print pattern[i], (is_mute ? "-" : "") licence
		n = is_mute = 0
	}
	/^Files:/ { n = split($0, pattern) }
	/^License:/ { sub(/^License: */, ""); licence = $0 }
	/^Comment:/ && index($0, mute) { is_mute = 1 }
	/^$/ { flush() }
	END { flush() }' .reuse/dep5
}

patterns=()
licences=()
while read -r pattern licence; do
	patterns+=("$pattern")
	licences+=("$licence")
done < <(layout)

# The last stanza that matches wins, as in a Debian copyright file.
expected()
{
	local i

	for ((i = ${#patterns[@]} - 1; i >= 0; i--)); do
		# shellcheck disable=SC2053	# a pattern is meant
		[[ $1 != ${patterns[i]} ]] || break
	done
	[ "$i" -lt 0 ] || echo "${licences[i]}"
}

# The licence line is the first one, or the second one of a script or of what zsh
# completes with. Comment signs around it don't belong to it.
declared()
{
	local line

	{
		IFS= read -r line
		[[ $line != '#!'* && $line != '#compdef '* ]] ||
			IFS= read -r line
	} <"$1" || return 0
	[[ $line == *"$tag "* ]] || return 0
	line=${line#*"$tag "}
	line=${line%'-->'}
	line=${line%'*/'}
	echo "${line%"${line##*[! ]}"}"
}

bad=
complain()
{
	echo "$1: $2" >&2
	bad=1
}

check()
{
	local want got id

	case $1 in
	LICENSES/*|COPYING|.reuse/*) return ;;
	esac
	want=$(expected "$1")
	if [[ $want == -* ]]; then
		want=${want#-}
	else
		got=$(declared "$1")
		[ -n "$got" ] ||
			complain "$1" "no licence line ($tag) at the top"
		[ -z "$got" ] || [ "$got" = "$want" ] ||
			complain "$1" "\"$got\" where \"$want\" belongs"
	fi
	for id in ${want/ WITH / }; do
		[ -e "LICENSES/$id.txt" ] || [ -e "LICENSES/$id-only.txt" ] ||
			complain "$1" "LICENSES/ has no text of $id"
	done
}

# reuse knows the current SPDX list only, where the kernel's GPL-2.0 is named
# GPL-2.0-only. It gets a copy in which that is so.
reuse_lint()
{
	local copy=$lint/reuse

	rm -rf "$copy"
	mkdir -p "$copy"
	xargs -d '\n' cp --parents -t "$copy" <<<"$list"
	grep -rlZ 'GPL-2.0 WITH' "$copy" |
		xargs -0r sed -i 's/GPL-2\.0 WITH/GPL-2.0-only WITH/'
	GIT_CEILING_DIRECTORIES=$lint reuse --root "$copy" lint
}

need git reuse
list=$(files '*')
while IFS= read -r f; do
	check "$f"
done <<<"$list"
[ -z "$bad" ] || lint_fail spdx
step REUSE lint reuse_lint || lint_fail reuse
lint_say spdx "$(count <<<"$list")"
