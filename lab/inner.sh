#!/bin/bash
# SPDX-License-Identifier: MIT
# inner.sh FILE: make the archive that goes behind the guest's initramfs for a
# virtual machine in the guest: /qemu/inner/vmlinuz, the guest's own kernel, and
# /qemu/inner/initramfs, whose only program is tests/guest/clients/inner.c.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/root.sh"

work=$(mktemp -d "$build/inner.XXXXXX")
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/system" "$work/all/qemu/inner"
cp "$guest/root/inner/inner" "$work/system/init"
find "$guest/stock/lib/modules" -name 'uio*.ko' \
	-exec cp -t "$work/system" {} +
root_pack "$work/system" "$work/all/qemu/inner/initramfs"
cp "$kernel/vmlinuz" "$work/all/qemu/inner/"
root_pack "$work/all" "$1"
