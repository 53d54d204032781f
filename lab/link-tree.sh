#!/bin/bash
# SPDX-License-Identifier: MIT
# link-tree.sh SOURCE BUILD: make BUILD a mirror of the directory SOURCE, out of
# symbolic links. kbuild leaves its output beside what it takes for the source.
set -eu
. "$(dirname "$0")/lib.sh"

source=$top/$1
target=$2

[ -e "$source/Kbuild" ] || die "$1/Kbuild is missing"
mkdir -p "$target"
# Sources that are gone since must not linger.
find "$target" -maxdepth 1 -xtype l -delete
for f in "$source"/*; do
	[ -L "$target/${f##*/}" ] || ln -s "$f" "$target/"
done
