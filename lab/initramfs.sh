#!/bin/bash
# SPDX-License-Identifier: MIT
# Put the guest's file system together:
#   build/guest/stock.cpio   busybox and the kernel's own modules; once a kernel
#   build/guest/own.cpio     everything that this tree builds; every time
#   build/guest/initramfs    the two, one after the other
# /tests, /clients and /demo are where meson installed them, in build/guest/root.
# For another kernel all of this is in a directory of its own, build/guest-NAME.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

stock=$guest/stock
root=$guest/root
rel=$(cat "$kernel/release")

# archive DIR FILE: owned by root, whoever builds it.
archive()
{
	(cd "$1" && find . -mindepth 1 -printf '%P\0' | LC_ALL=C sort -z |
		cpio --null -o -H newc -R 0:0 --quiet) >"$2.new"
	mv "$2.new" "$2"
}

# The files behind lab/modules, dependencies included. modules.dep of a kernel
# that was only unpacked does not exist yet: depmod makes it in a copy.
module_files()
{
	local m base=$guest/depmod

	rm -rf "$base"
	mkdir -p "$base/lib/modules"
	cp -rs "$(readlink -f "$kernel/modules")" "$base/lib/modules/$rel"
	depmod -b "$base" "$rel"
	grep -v '^#' "$top/lab/modules" | while read -r m; do
		modprobe -d "$base" -S "$rel" --show-depends "${m#\?}" ||
			[ "${m:0:1}" = '?' ] ||
			die "the kernel $rel has no module $m"
	done | awk '$1 == "insmod" { sub(/.*\/lib\/modules\//, "", $2); print $2 }' |
		sort -u
	rm -rf "$base"
}

# Plain .ko files: the guest has better things to do than to decompress.
copy_module()
{
	local from=$1 to=$2

	mkdir -p "$(dirname "$to")"
	case $from in
	*.xz) xz -dc "$from" >"${to%.xz}" ;;
	*.zst) zstd -qdc "$from" >"${to%.zst}" ;;
	*.gz) gzip -dc "$from" >"${to%.gz}" ;;
	*) cp "$from" "$to" ;;
	esac
}

stock_tree()
{
	local f

	rm -rf "$stock"
	mkdir -p "$stock"/{bin,sbin,dev,proc,sys,tmp,root,run,etc,usr/bin}
	# Its other names it makes itself, see init.
	cp "$build/busybox$foreign/busybox" "$stock/bin/busybox"
	ln -s busybox "$stock/bin/sh"
	# The kernel runs this one by its full name.
	ln -s ../bin/busybox "$stock/sbin/modprobe"
	# All of lab/modules may be built in, and then there is nothing to copy.
	mkdir -p "$stock/lib/modules/$rel"
	module_files | while read -r f; do
		copy_module "$(readlink -f "$kernel/modules")/${f#"$rel"/}" \
			"$stock/lib/modules/$f"
	done
	for f in order builtin builtin.modinfo; do
		cp "$kernel/modules/modules.$f" "$stock/lib/modules/$rel/"
	done
	users
}

users()
{
	local n

	{
		echo 'root:x:0:0::/root:/bin/sh'
		echo 'nobody:x:65534:65534::/:/bin/false'
		for n in 1 2 3; do
			echo "worker$n:x:100$n:100$n::/tmp:/bin/sh"
		done
	} >"$stock/etc/passwd"
	awk -F: '{ print $1 ":x:" $4 ":" }' "$stock/etc/passwd" \
		>"$stock/etc/group"
}

# The kernel's modules again, for depmod to see all at once.
own_modules()
{
	local dir=$root/lib/modules/$rel m

	rm -rf "${root:?}/lib"
	mkdir -p "$dir/extra"
	cp -r "$stock/lib/modules/$rel/." "$dir/"
	for m in barlease-vfio-pci barlease-ptwalk barlease-importer \
		 edu-accel edu-accel-mistakes; do
		[ ! -e "$build/module$flavour/$m.ko" ] ||
			cp "$build/module$flavour/$m.ko" "$dir/extra/"
	done
	depmod -b "$root" "$rel"
	rm -rf "$dir/kernel" "$dir/modules.order" "$dir"/modules.builtin{,.modinfo}
}

timeouts()
{
	{
		echo '* 120'
		cat "$top/lab/timeouts"
	} | awk -v times="$(slowness)" '/^[^#]/ { print $1, times * $2 }'
}

own_tree()
{
	rm -rf "$root/lab"
	mkdir -p "$root/lab"
	cp "$top/lab/init" "$root/init"
	cp "$top/lab/unload" "$top/docs/barlease-stand-in.conf" "$root/lab/"
	timeouts >"$root/lab/timeouts"
	cp "$build/lab/runner$foreign" "$root/lab/runner"
	own_modules
}

mkdir -p "$root"
lock guest
if [ "$rel" != "$(cat "$guest/release" 2>/dev/null)" ] ||
   [ "$kernel/release" -nt "$guest/stock.cpio" ] ||
   [ "$top/lab/modules" -nt "$guest/stock.cpio" ] ||
   [ "$top/lab/initramfs.sh" -nt "$guest/stock.cpio" ]; then
	step GUEST "busybox and modules of $rel" stock_tree
	archive "$stock" "$guest/stock.cpio"
	echo "$rel" >"$guest/release"
fi
own_tree
archive "$root" "$guest/own.cpio"
cat "$guest/stock.cpio" "$guest/own.cpio" >"$guest/initramfs.new"
mv "$guest/initramfs.new" "$guest/initramfs"
