#!/bin/bash
# SPDX-License-Identifier: MIT
# install.sh install|uninstall: put what lab/release.sh has built below $DESTDIR, or
# take away what has been put there. What that is, a list that is installed as well
# says: files, and the directories that were not there before.
set -eu
. "$(dirname "$0")/lib.sh"

prefix=${PREFIX:-/usr/local}
root=${DESTDIR-}
stage=$build/release-stage
list=$prefix/share/barlease/installed
work=$(mktemp -d "$build/install.XXXXXX")
trap 'rm -rf "$work"' EXIT
# What is there now, and what was
new=$work/new
old=$work/old

# "f PATH" of every file of the stage, "d PATH" of every directory that is not
# there, or that an earlier installation has made
contents()
{
	local f

	find "$stage" -mindepth 1 ! -type d -printf 'f /%P\n'
	echo "f $list"
	{
		find "$stage" -mindepth 1 -type d -printf '/%P\n'
		dirname "$list"
	} | while IFS= read -r f; do
		if [ ! -d "$root$f" ] || grep -qxF "d $f" "$1"; then
			echo "d $f"
		fi
	done
}

# What Python has made of a module, which would go on without its source
remove_compiled()
{
	local cache=$root${1%/*}/__pycache__ name=${1##*/}

	case $name in *.py) ;; *) return ;; esac
	[ -d "$cache" ] || return 0
	rm -f "$cache/${name%.py}".*.pyc
	rmdir --ignore-fail-on-non-empty "$cache"
}

# remove LIST: directories only where nobody else has put something there
remove()
{
	local what f

	LC_ALL=C sort -r "$1" | while read -r what f; do
		if [ "$what" = f ]; then
			rm -f "$root$f"
			remove_compiled "$f"
		elif [ -d "$root$f" ]; then
			rmdir --ignore-fail-on-non-empty "$root$f"
		fi
	done
}

# The loader's cache has libraries by name, for the running system only.
know_libraries()
{
	[ -n "$root" ] || [ "$(id -u)" -ne 0 ] || ldconfig
}

put()
{
	touch "$old"
	[ ! -e "$root$list" ] || cp "$root$list" "$old"
	contents "$old" | LC_ALL=C sort -u >"$new"
	# What an earlier version had, and this one has not
	LC_ALL=C comm -13 "$new" "$old" >"$work/gone"
	remove "$work/gone"
	mkdir -p "$root/"
	# A program that runs cannot be written to, but replaced.
	cp -dR --preserve=mode,links --remove-destination "$stage/." "$root/"
	install -D -m 644 "$new" "$root$list"
	know_libraries
	say INSTALL "$(grep -c '^f' "$root$list") files below $root$prefix"
}

take_away()
{
	[ -e "$root$list" ] ||
		die "there is no $root$list" "nothing of PREFIX=$prefix is installed"
	cp "$root$list" "$old"
	remove "$old"
	say REMOVE "$(grep -c '^f' "$old") files below $root$prefix"
	know_libraries
}

case $1 in
install) put ;;
uninstall) take_away ;;
*) die "install.sh cannot $1" ;;
esac
