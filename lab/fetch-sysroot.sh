#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch the libraries, C's own among them, that programs for another machine are
# built with, as build/sysroot-ARCH. Nothing of it is installed.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/root.sh"

dir=$build/sysroot$foreign
# Together with the kernel, whose packages the same apt fetches
lock kernel
[ ! -e "$dir/complete" ] || exit 0

apt_machine
rm -rf "$dir"
root_fetch "libraries of $userland" root_download \
	libc6-dev libcmocka-dev libdrm-dev libjson-c-dev libncurses-dev libpci-dev
unpack "libraries of $userland" "$apt_dir/archives" "$dir"
root_complete "$dir"
# Last, for it says that all the rest is there.
touch "$dir/complete"
