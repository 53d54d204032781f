#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch DPDK for the guest: Debian 13's, with all that it needs down to the C
# library, and the tools that its tools call. It is unpacked, not installed:
#   build/dpdk/root        a file system that has it as /dpdk
#   build/dpdk/dpdk.cpio   the same, to go behind the guest's initramfs
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"

cpio=$build/dpdk/dpdk.cpio
root=$build/dpdk/root/dpdk

# The drivers that the lab's network cards need. Their packages have a version
# in their names.
drivers()
{
	apt-cache depends --recommends dpdk |
		grep -oE 'librte-(net-e1000|mempool-ring)-?[0-9]+$' | sort -u
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
	local archives=$apt_dir/archives
	# shellcheck disable=SC2046	# a list of words
	set -- $(packages)

	rm -rf "$archives"
	mkdir -p "$archives/partial"
	apt-get install -y --download-only "$@" &&
		env -C "$archives" apt-get download -q dpdk-dev
}

fetch()
{
	step FETCH "DPDK from trixie" download
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

# What the package base-files and scripts of others would have made.
complete()
{
	local dir

	for dir in bin lib lib64 sbin; do
		[ -e "$root/$dir" ] || ln -s "usr/$dir" "$root/$dir"
	done
	[ -e "$root/bin/which" ] || ln -s which.debianutils "$root/bin/which"
	mkdir -p "$root"/{dev,proc,run,sys,tmp,var/run,usr/lib/modules}
}

pack()
{
	(cd "$build/dpdk/root" && find . -mindepth 1 -printf '%P\0' |
		LC_ALL=C sort -z |
		cpio --null -o -H newc -R 0:0 --quiet) >"$cpio.new"
	mv "$cpio.new" "$cpio"
}

lock dpdk
[ ! -e "$cpio" ] || exit 0

apt_foreign trixie
rm -rf "$build/dpdk"
# Old lists name files that the mirror has dropped.
fetch || { apt_update && fetch; } || die "could not fetch DPDK"
unpack DPDK "$apt_dir/archives" "$root"
[ -x "$root/usr/bin/dpdk-testpmd" ] || die "dpdk-dev holds no dpdk-testpmd"
prune
complete
step PACK DPDK pack
