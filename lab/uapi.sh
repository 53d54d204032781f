#!/bin/bash
# SPDX-License-Identifier: MIT
# uapi.sh MACHINE [RECORD]: sizes, offsets and numbers of the headers in include/uapi, as
# that machine's compiler (amd64, i386, arm64) makes them, a line each; or how these
# differ from RECORD. They are read from an object's data: nothing is run.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

machine=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Of 32 bits, the compiler looks for <asm/*.h> in a directory that Debian does not have.
objcopy=objcopy
case $machine in
amd64) cc=(gcc -m64) ;;
i386) cc=(gcc -m32 -idirafter /usr/include/x86_64-linux-gnu) ;;
arm64)
	cc=(aarch64-linux-gnu-gcc)
	objcopy=aarch64-linux-gnu-objcopy
	;;
*) die "uapi.sh knows no machine \"$machine\"" ;;
esac

# table HEADER
table()
{
	local file=$top/include/uapi/$1

	echo "# <$1>"
	awk -f "$top/lab/uapi.awk" -v names=1 "$file" >"$work/names"
	awk -f "$top/lab/uapi.awk" -v header="$1" "$file" >"$work/table.c"
	"${cc[@]}" -I "$top/include/uapi" -isystem /usr/include/libdrm \
		-c -o "$work/table.o" "$work/table.c"
	"$objcopy" -O binary -j table "$work/table.o" "$work/table"
	# All three machines have the lowest byte first.
	od -An -v -t d8 -w8 "$work/table" | awk '{ print $1 }' >"$work/values"
	paste -d ' ' "$work/names" "$work/values"
}

tables()
{
	table linux/barlease.h
	table drm/edu_accel.h
}

if [ $# -eq 1 ]; then
	tables
	exit
fi
tables >"$work/all"
grep -v -e '^# [^<]' "$2" | diff -u --label "$2" --label "$machine" - "$work/all"
