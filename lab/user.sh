#!/bin/bash
# SPDX-License-Identifier: MIT
# Build userspace in build/user; put what the guest runs into build/guest/root.
set -eu
. "$(dirname "$0")/lib.sh"

root=$build/guest/root

lock guest
if [ ! -e "$build/user/build.ninja" ]; then
	rm -rf "$build/user"
	step MESON build/user \
		meson setup --prefix=/ "$build/user" "$top"
fi
step NINJA build/user ninja -C "$build/user" --quiet
# A program that is gone from the tree must go from the guest.
rm -rf "$root/tests" "$root/demo"
mkdir -p "$root"
step STAGE "guest programs" env DESTDIR="$root" \
	meson install -C "$build/user" --no-rebuild --strip
