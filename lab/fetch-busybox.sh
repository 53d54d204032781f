#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch busybox-static for the guest as build/busybox/busybox, for another machine
# as build/busybox-ARCH/busybox. It is unpacked, not installed: on the host it
# conflicts with busybox.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"

dir=$build/busybox$foreign
lock busybox
[ ! -e "$dir/busybox" ] || exit 0

apt_machine
rm -rf "$dir"
apt_fetch busybox-static "$dir/deb" busybox-static
unpack busybox-static "$dir/deb" "$dir/root"
find "$dir/root" -type f -name busybox -perm -u+x \
	-exec cp {} "$dir/busybox" \;
[ -e "$dir/busybox" ] || die "busybox-static holds no busybox"
