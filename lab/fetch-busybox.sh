#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch busybox-static for the guest as build/busybox/busybox. It is unpacked,
# not installed: on the host it conflicts with busybox.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"

lock busybox
[ ! -e "$build/busybox/busybox" ] || exit 0

apt_private
rm -rf "$build/busybox"
apt_fetch busybox-static "$build/busybox/deb" busybox-static
unpack busybox-static "$build/busybox/deb" "$build/busybox/root"
find "$build/busybox/root" -type f -name busybox -perm -u+x \
	-exec cp {} "$build/busybox/busybox" \;
[ -e "$build/busybox/busybox" ] || die "busybox-static holds no busybox"
