#!/bin/bash
# SPDX-License-Identifier: MIT
# deb-boot.sh ROOT OUT: boot the Debian that is in directory ROOT, with its own
# kernel, initramfs and systemd, from a disk that is a copy of it, and run the tests
# of tests/deb in it. What they say is shown, and in OUT/guest.tap.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

root=$1
out=$2
here=$out/boot

# The machine's kernel is the one that is installed, not only its headers.
link_kernel()
{
	local release

	release=$(find "$root/boot" -name 'vmlinuz-*' -printf '%f\n' | sort -V |
		tail -n 1)
	release=${release#vmlinuz-}
	[ -e "$root/boot/initrd.img-$release" ] ||
		die "$root has no kernel with an initramfs in /boot"
	cp "$root/boot/vmlinuz-$release" "$here/vmlinuz"
	cp "$root/boot/initrd.img-$release" "$here/initrd"
	ln -s "$root/usr/src/linux-headers-$release" "$here/headers"
	echo "$release" >"$here/release"
}

# What is not of Debian is in a directory that is there for the copy only.
add_tests()
{
	mkdir "$root/lab"
	cp "$top"/tests/deb/{start,*.sh} "$top/tests/unit/tap.sh" \
		"$top"/tests/book/{steps.sh,*.awk} "$top/docs/book/tutorial-card.md" \
		"$build/lab/runner" "$root/lab/"
	echo '* 600' >"$root/lab/timeouts"
	cp "$top/tests/deb/lab.service" "$root/etc/systemd/system/"
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	ln -s ../lab.service "$root/etc/systemd/system/multi-user.target.wants/"
	# A machine that has been started before: a first start enables everything.
	echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
}

remove_tests()
{
	rm -rf "$root/lab"
	rm -f "$root"/etc/systemd/system/{,multi-user.target.wants/}lab.service
	rmdir --ignore-fail-on-non-empty \
		"$root/etc/systemd/system/multi-user.target.wants"
	: >"$root/etc/machine-id"
}

rm -rf "$out"
mkdir -p "$here"
link_kernel
trap 'remove_tests; rm -rf "$here"' EXIT
add_tests
step DISK "of $root" mke2fs -q -t ext4 -O ^has_journal -d "$root" "$here/disk" 4G
export KERNEL=$here INITRAMFS=$here/initrd OUT=$out
# An emulated machine takes its time to start so much.
export BARLEASE_IDLE=${BARLEASE_IDLE:-300}
export QEMU_EXTRA="-drive if=none,id=root,file=$here/disk,format=raw,cache=unsafe \
	-device virtio-blk-pci,drive=root"
export KERNEL_EXTRA="root=/dev/vda rw"
"$top/lab/run-guest.sh" deb
