#!/bin/bash
# SPDX-License-Identifier: MIT
# The manual has a page for every function, that is right as far as a compiler
# can tell: prototypes are those of the header, and examples compile.
set -u

top=@top@
built=@built@
cc='@cc@ -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror'
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$top/man" || exit
# shellcheck source=tests/unit/tap.sh
. "$top/tests/unit/tap.sh"

# What the check before it has said is in a file
ok_of()
{
	ok "$@" "$(cat "$scratch/said")"
}

compiles()
{
	# shellcheck disable=SC2086	# a list of words
	$cc -I "$top/include" -I "$top/include/uapi" -c -o /dev/null \
		"$1" >"$scratch/said" 2>&1
}

# section PAGE NAME
section()
{
	awk -v name="# $2" '/^# /{ inside = $0 == name; next } inside' "$1"
}

symbols()
{
	sed -n '/global:/,/local:/s/^\t\(.*\);$/\1/p' "$top/lib/barlease.map"
}

# A page that names it, and a file of its own name where pages are built
documented()
{
	local page

	: >"$scratch/said"
	for page in *.3.scd; do
		section "$page" NAME | sed -e 's/ - .*//' -e 's/, /\n/g' |
			grep -qx "$1" || continue
		[ ! -d "$built" ] || [ -e "$built/$1.3" ] || continue
		section "$page" SYNOPSIS | grep -q "[ *]$1(" && return
	done
	return 1
}

sections()
{
	local name

	: >"$scratch/said"
	for name in NAME SYNOPSIS DESCRIPTION 'RETURN VALUE' ERRORS EXAMPLE \
		    'SEE ALSO'; do
		[ -n "$(section "$1" "$name")" ] ||
			echo "no $name" >>"$scratch/said"
	done
	[ ! -s "$scratch/said" ]
}

# scdoc's "*int f(char \**_name_*);*" is "int f(char *name);".
prototypes()
{
	{
		echo '#include <barlease.h>'
		section "$1" SYNOPSIS | grep -v '#include' |
			sed -E -e 's/\\\*/@/g' -e 's/\*_([a-z0-9_]+)_\*/\1/g' \
			       -e 's/\*//g' -e 's/@/*/g'
	} >"$scratch/prototypes.c"
	compiles "$scratch/prototypes.c"
}

example()
{
	section "$1" EXAMPLE | awk '/^```/{ inside = !inside; next } inside' \
		>"$scratch/example.c"
	[ -s "$scratch/example.c" ] && compiles "$scratch/example.c"
}

links()
{
	local name

	: >"$scratch/said"
	section "$1" 'SEE ALSO' | grep -oE '(lib)?barlease[a-z0-9_]*\*\([37]\)' |
		tr -d '*()' | sed -E 's/(.)$/.\1/' |
		while read -r name; do
			[ -e "$name.scd" ] || grep -q "'$name'" meson.build ||
				echo "no page $name" >>"$scratch/said"
		done
	[ ! -s "$scratch/said" ]
}

# What the header declares; function pointers are in parentheses
declared()
{
	# shellcheck disable=SC2086	# a list of words
	$cc -E -P "$top/include/barlease.h" |
		grep -oE '\bbarlease_[a-z0-9_]+\(' | tr -d '('
}

diff <(declared | sort) <(symbols | sort) >"$scratch/said"
ok_of $? "the library exports what the header declares"
for symbol in $(symbols); do
	documented "$symbol"
	ok_of $? "$symbol() has a manual page"
done
for page in *.3.scd; do
	name=${page%.scd}
	sections "$page"
	ok_of $? "$name has all of its sections"
	prototypes "$page"
	ok_of $? "$name has the prototypes of the header"
	example "$page"
	ok_of $? "the example of $name compiles"
	links "$page"
	ok_of $? "$name refers to pages that are there"
done
tap_done
