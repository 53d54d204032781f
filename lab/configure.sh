# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Userspace's build directories. Source after lib.sh.

# Where a compiler for another machine, and what it links with, are to be found
cross_file()
{
	local file=$build/cross$foreign.ini

	{
		printf '%s\n' '[constants]' "sysroot = '$build/sysroot$foreign'"
		cat "$top/lab/cross$foreign.ini"
	} >"$file"
	echo "$file"
}

# configure DIR OPTION...: meson's directory, anew where the one that is there
# was configured otherwise: meson itself keeps the options of the first time.
configure()
{
	local dir=$1 key
	shift

	key="meson $(meson --version) $dir $*"
	if [ -e "$dir/build.ninja" ] &&
	   [ "$(cat "$dir/configured" 2>/dev/null)" = "$key" ]; then
		return
	fi
	rm -rf "$dir"
	step MESON "build/${dir##*/}" meson setup "$@" "$dir" "$top"
	echo "$key" >"$dir/configured"
}
