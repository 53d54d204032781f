#!/bin/bash
# SPDX-License-Identifier: MIT
# Build userspace as it is installed, for $PREFIX (/usr/local): in build/release.
# build/release-stage has all that belongs below / then.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/configure.sh"

release=$build/release
stage=$build/release-stage

lock release
# Warnings of compilers that nobody here has seen yet stop nobody's installation.
configure "$release" --prefix="${PREFIX:-/usr/local}" --buildtype=release \
	-Dwerror=false
step NINJA build/release ninja -C "$release" --quiet
rm -rf "$stage"
step STAGE build/release-stage env DESTDIR="$stage" \
	meson install -C "$release" --no-rebuild --strip
