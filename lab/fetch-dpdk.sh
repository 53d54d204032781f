#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch DPDK for the guest: Debian 13's, with all that it needs down to the C
# library, and the tools that its tools call. It is unpacked, not installed:
#   build/dpdk/root        a file system that has it as /dpdk
#   build/dpdk/dpdk.cpio   the same, to go behind the guest's initramfs
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/root.sh"

cpio=$build/dpdk/dpdk.cpio
root=$build/dpdk/root/dpdk

# The drivers that the lab's network cards need. Their packages have a version
# in their names.
drivers='net-e1000|net-virtio|net-vmxnet3|mempool-ring'

drivers()
{
	apt-cache depends --recommends dpdk |
		grep -oE "librte-($drivers)-?[0-9]+$" | sort -u
}

# testpmd is in dpdk-dev. What that needs but for compiling is half of all that
# it depends on.
packages()
{
	echo dpdk kmod dash debianutils iproute2
	drivers
	apt_depends dpdk-dev | grep -vE '^(<|libdpdk-dev$)'
}

download()
{
	# shellcheck disable=SC2046	# a list of words
	root_download $(packages) &&
		env -C "$apt_dir/archives" apt-get download -q dpdk-dev
}

# What nobody here runs or reads is two thirds of it.
prune()
{
	find "$root/usr/share" -mindepth 1 -maxdepth 1 ! -name misc \
		-exec rm -rf {} +
	rm -rf "$root"/usr/{include,lib/{systemd,udev,dpkg,apt},libexec}
	rm -rf "$root"/usr/lib/x86_64-linux-gnu/{systemd,perl*,gconv}
	rm -f "$root"/usr/bin/dpdk-test "$root"/usr/bin/dpdk-test-*
}

lock dpdk
[ ! -e "$cpio" ] ||
	[ "$drivers" != "$(cat "$build/dpdk/drivers" 2>/dev/null)" ] || exit 0

apt_foreign trixie
rm -rf "$build/dpdk"
root_fetch "DPDK from trixie" download
unpack DPDK "$apt_dir/archives" "$root"
[ -x "$root/usr/bin/dpdk-testpmd" ] || die "dpdk-dev holds no dpdk-testpmd"
prune
root_complete "$root"
[ -e "$root/bin/which" ] || ln -s which.debianutils "$root/bin/which"
echo "$drivers" >"$build/dpdk/drivers"
step PACK DPDK root_pack "$build/dpdk/root" "$cpio"
