#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch checkpatch.pl of the guest's kernel series. No package but the source
# has it; of that, only three scripts are kept.
set -eu -o pipefail
. "$(dirname "$0")/lib.sh"
. "$top/lab/apt.sh"

source=linux-source-6.12
dir=$lint/checkpatch-6.12

extract()
{
	dpkg-deb --fsys-tarfile "$1"/$source*.deb |
		tar -xO "./usr/src/$source.tar.xz" |
		tar -xJ -C "$2" --strip-components=2 \
			"$source/scripts/checkpatch.pl" \
			"$source/scripts/const_structs.checkpatch" \
			"$source/scripts/spelling.txt"
}

lock checkpatch
[ ! -e "$dir/checkpatch.pl" ] || exit 0
need perl xz-utils
apt_private
apt_fetch "$source" "$lint/deb" "$source"
rm -rf "$dir" "$dir.new"
mkdir "$dir.new"
step UNPACK "checkpatch.pl" extract "$lint/deb" "$dir.new"
rm -rf "$lint/deb"
mv "$dir.new" "$dir"
