# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the lint scripts share. Each of them checks all it has to check, shows
# everything that is wrong, and ends with one line that says what it checked.
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lib.sh"
. "$top/lab/source.sh"
cd "$top" || exit
lint=$build/lint
mkdir -p "$lint"

need()
{
	"$top/lab/packages.sh" "$@"
}

! is_clone || command -v git >/dev/null || need git

# files PATTERN...: the source's files, those not yet added included. A "*" is any
# directory, too.
files()
{
	local f pattern

	source_files | while IFS= read -r f; do
		for pattern; do
			# shellcheck disable=SC2053	# a pattern is meant
			if [[ $f == $pattern ]]; then
				echo "$f"
				break
			fi
		done
	done
}

# What meson compiles
compiled()
{
	python3 - "$build/user" "$top" <<-'EOF'
	import json, os, sys
	build, top = map(os.path.realpath, sys.argv[1:])
	with open(os.path.join(build, "compile_commands.json")) as f:
	    for entry in json.load(f):
	        file = os.path.join(entry["directory"], entry["file"])
	        print(os.path.relpath(os.path.realpath(file), top))
	EOF
}

# What the Makefile compiles without it
host_programs()
{
	files 'lab/*.c'
}

lint_say()
{
	say LINT "$1: $2"
}

lint_fail()
{
	die "$1 finds fault: see above"
}

count()
{
	local n

	n=$(wc -l)
	if [ "$n" -eq 1 ]; then
		echo "1 file"
	else
		echo "$n files"
	fi
}

# each NAME DEPS N COMMAND <FILES: COMMAND FILE... for all files, N at a time, as often
# at once as there are processors. A file that passed is not looked at again until it
# or one of the words of DEPS is newer. Both NAME and DEPS may hold no blanks.
each()
{
	local stamps=$lint/$1 dep f todo=() deps=$2 at_once=$3
	shift 3

	while IFS= read -r f; do
		for dep in "$f" $deps; do
			[ "$stamps/$f" -nt "$dep" ] || {
				todo+=("$f")
				break
			}
		done
	done
	[ ${#todo[@]} -gt 0 ] || return 0
	printf '%s\n' "${todo[@]/#/$stamps/}" | sed 's,/[^/]*$,,' | sort -u |
		xargs -d '\n' mkdir -p
	# The stamp is from before the look: an edit meanwhile is seen next time.
	# shellcheck disable=SC2016	# the inner shell expands these
	printf '%s\0' "${todo[@]}" |
		xargs -0 -n "$at_once" -P "$(nproc)" bash -c '
			stamps=$0 words=$1
			shift
			files=("${@:words+1}")
			stamp=$(mktemp -p "$stamps")
			out=$("$@" 2>&1) || {
				rm -f "$stamp"
				echo "$out" >&2
				exit 1
			}
			(cd "$stamps" && touch -r "$stamp" "${files[@]}")
			rm "$stamp"' "$stamps" $# "$@"
}

# A check of many files together passes over what it has passed before:
# unchanged NAME KEY, and passed NAME KEY, with the key that fingerprint made
# before the check of the files, and of words that also make a difference.
fingerprint()
{
	{
		echo "$*"
		xargs -d '\n' sha256sum
	} | sha256sum
}

unchanged()
{
	[ -e "$lint/$1.passed" ] && [ "$(<"$lint/$1.passed")" = "$2" ]
}

passed()
{
	echo "$2" >"$lint/$1.passed"
}
