#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch systemd for the guest: Debian 13's, with udev and all that the two need
# down to the C library. It is unpacked, not installed:
#   build/systemd/root          a file system that has it as /systemd
#   build/systemd/systemd.cpio  the same, to go behind the guest's initramfs
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/root.sh"

cpio=$build/systemd/systemd.cpio
root=$build/systemd/root/systemd

# What nobody here runs or reads. Without systemd-udev-trigger.service it starts
# in half the time: only what comes later is udev's business here.
prune()
{
	local wants=$root/usr/lib/systemd/system/sysinit.target.wants

	rm -rf "${root:?}"/usr/share/* "$root"/usr/{include,lib/{dpkg,apt}}
	rm -rf "$root"/usr/lib/x86_64-linux-gnu/{perl*,gconv,ossl-modules}
	rm -rf "$root"/usr/lib/udev/hwdb* "$root/usr/lib/systemd/catalog"
	rm -f "$wants"/{ldconfig,systemd-udev-trigger,systemd-hwdb-update}.service
	rm -f "$wants"/systemd-{journal-catalog-update,random-seed}.service
}

# A machine that has been started before: a first start enables everything.
installed()
{
	root_complete "$root"
	echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
}

lock systemd
[ ! -e "$cpio" ] || exit 0

apt_foreign trixie
rm -rf "$build/systemd"
root_fetch "systemd from trixie" root_download systemd udev procps kmod
unpack systemd "$apt_dir/archives" "$root"
prune
installed
step PACK systemd root_pack "$build/systemd/root" "$cpio"
