#!/bin/bash
# SPDX-License-Identifier: MIT
# Build userspace in build/user, for another machine in build/user-ARCH, for one with
# pages of 16 KiB in build/user-ARCH-16k; put what the guest runs into
# build/guest*/root.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/configure.sh"

root=$guest/root
user=$build/user$foreign
options=(--prefix=/ -Dtests=true)
if [ "$pages" != 4k ]; then
	user=$user-$pages
	options+=("-Dguest_page=$((${pages%k} * 1024))")
fi

lock guest
[ -z "$foreign" ] || options+=(--cross-file "$(cross_file)")
configure "$user" "${options[@]}"
step NINJA "build/${user##*/}" ninja -C "$user" --quiet
# A program that is gone from the tree must go from the guest.
rm -rf "${root:?}"/{tests,book,clients,inner,noiommu,weak,selftests,demo,bench,examples,bin,sbin,units}
mkdir -p "$root"
step STAGE "guest programs" env DESTDIR="$root" \
	meson install -C "$user" --no-rebuild --strip --tags guest
step STAGE "systemd's units" env DESTDIR="$root/units" \
	meson install -C "$user" --no-rebuild --tags systemd
for dir in tests book clients noiommu weak selftests demo bench examples bin sbin units; do
	[ -n "$(ls "$root/$dir" 2>/dev/null)" ] ||
		die "build/${user##*/} has nothing for the guest's /$dir" \
		    "remove it, and try again"
done
