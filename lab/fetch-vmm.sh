#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch QEMU for the guest: Debian 13's, with the libraries and the firmware that
# it takes to run a virtual machine in the virtual machine. It is unpacked, not
# installed, and only what is used is kept:
#   build/vmm/root      a file system that has it as /qemu
#   build/vmm/vmm.cpio  the same, to go behind the guest's initramfs
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/root.sh"

cpio=$build/vmm/vmm.cpio
all=$build/vmm/all
root=$build/vmm/root/qemu
lib=usr/lib/x86_64-linux-gnu

# libraries PROGRAM: those that it needs, as paths in $all; its own loader knows
libraries()
{
	"$all/$lib/ld-linux-x86-64.so.2" --list \
		--library-path "$all/$lib" "$all/$1" |
		sed -nE "s|^.* => $all/(.*) \(0x.*$|\1|p"
}

# keep PATH...: files, or what links to them
keep()
{
	local path

	for path; do
		mkdir -p "$root/${path%/*}"
		cp -L "$all/$path" "$root/$path"
	done
}

prune()
{
	local libs

	libs=$(libraries usr/bin/qemu-system-x86_64)
	keep usr/bin/qemu-system-x86_64 $lib/ld-linux-x86-64.so.2 \
		usr/share/seabios/bios-256k.bin \
		usr/share/qemu/{kvmvapic,linuxboot_dma}.bin
	# shellcheck disable=SC2086	# a list of words
	keep $libs
	mkdir -p "$root/usr/lib64"
	ln -s "/$lib/ld-linux-x86-64.so.2" "$root/usr/lib64/"
	root_complete "$root"
	rm -rf "$all"
}

lock vmm
[ ! -e "$cpio" ] || exit 0

apt_foreign trixie
rm -rf "$build/vmm"
root_fetch "QEMU from trixie" root_download qemu-system-x86
unpack QEMU "$apt_dir/archives" "$all"
prune
step PACK QEMU root_pack "$build/vmm/root" "$cpio"
