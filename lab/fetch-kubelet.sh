#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch for the guest what the kubelet's stand-in of kubernetes/tests wants: Debian 13's
# Python with gRPC, and all that the two need down to the C library. It is unpacked, not
# installed:
#   build/kubelet/root           a file system that has it as /kubelet
#   build/kubelet/kubelet.cpio   the same, to go behind the guest's initramfs
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/root.sh"

cpio=$build/kubelet/kubelet.cpio
root=$build/kubelet/root/kubelet

# What nobody here runs or reads
prune()
{
	rm -rf "${root:?}"/usr/share/* "$root"/usr/{include,lib/{dpkg,apt,systemd,udev}}
	rm -rf "$root"/usr/lib/x86_64-linux-gnu/{perl*,gconv,ossl-modules}
	rm -rf "$root"/usr/lib/python3*/{idlelib,lib2to3,pydoc_data,ensurepip}
	rm -f "$root"/usr/bin/perl*
}

lock kubelet
[ ! -e "$cpio" ] || exit 0

apt_foreign trixie
rm -rf "$build/kubelet"
root_fetch "python3-grpcio from trixie" root_download python3-grpcio
unpack kubelet "$apt_dir/archives" "$root"
prune
root_complete "$root"
step PACK kubelet root_pack "$build/kubelet/root" "$cpio"
