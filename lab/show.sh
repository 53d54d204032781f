# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Results as they come, for a person: the runner's stream without its marks.

show_line()
{
	case $1 in
	'#@ begin '*) printf '== %s\n' "${1#\#@ begin }" ;;
	'#@ '*) ;;
	# of a benchmark, for a program
	'{'*) ;;
	*) printf '%s\n' "$1" ;;
	esac
}

show_all()
{
	local line

	while IFS= read -r line; do
		show_line "$line"
	done
}
