# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A part of a Debian, for the guest: packages that are unpacked, not installed,
# in a directory of its own, and the archive that goes behind the guest's
# initramfs. Source after apt.sh.

# What the package base-files and scripts of others would have made.
root_complete()
{
	local dir

	for dir in bin lib lib64 sbin; do
		[ -e "$1/$dir" ] || ln -s "usr/$dir" "$1/$dir"
	done
	mkdir -p "$1"/{dev,etc,proc,run,sys,tmp,var/run,usr/lib/modules}
}

# root_download PACKAGE...: these and all that they need
root_download()
{
	rm -rf "$apt_dir/archives"
	mkdir -p "$apt_dir/archives/partial"
	apt-get install -y --download-only "$@"
}

# root_fetch LABEL COMMAND...: run it. Old lists name files that the mirror has
# dropped: a failure earns one update.
root_fetch()
{
	step FETCH "$@" || { apt_update && step FETCH "$@"; } ||
		die "could not fetch $1"
}

# root_pack DIR FILE
root_pack()
{
	(cd "$1" && find . -mindepth 1 -printf '%P\0' | LC_ALL=C sort -z |
		cpio --null -o -H newc -R 0:0 --quiet) >"$2.new"
	mv "$2.new" "$2"
}
