#!/bin/bash
# SPDX-License-Identifier: MIT
# check-abi.sh [record]: compare the library, and the headers of the driver's calls, with
# what lib/abi has of them: what the last release had. What is new in the library is no
# fault; what is gone or has changed there is, and so is all that is different in those
# headers. "record" writes lib/abi anew instead.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/configure.sh"
. "$(dirname "$0")/source.sh"

version=$(project_version "$top")
dir=$build/abi
library=$dir/lib/libbarlease.so.$version
record=$top/lib/abi
bad=

build_library()
{
	configure "$dir" --buildtype=debugoptimized -Dwerror=false
	step NINJA "build/abi" ninja -C "$dir" "lib/${library##*/}"
}

# describe FILE: the library in XML. What is not in the public header, nobody has been
# promised.
describe()
{
	abidw --headers-dir "$top/include" --drop-private-types --no-elf-needed \
		--exported-interfaces-only --no-show-locs --no-comp-dir-path \
		--no-corpus-path --out-file "$1" "$library"
}

record_library()
{
	describe "$dir/new.abi"
	{
		head -n 1 "$dir/new.abi"
		cat <<-COMMENT
		<!--
		  libbarlease of version $version, as abidw(1) has it of the public header:
		  what "make check-abi" compares with. Written by "make record-abi" in the
		  commit of a release, and at no other time: what programs have been
		  promised is what was released. See "Versions" in CONTRIBUTING.md.
		-->
		COMMENT
		tail -n +2 "$dir/new.abi"
	} >"$record/libbarlease.abi"
}

record_headers()
{
	{
		cat <<-COMMENT
		# SPDX-License-Identifier: MIT
		# The headers in include/uapi, as lab/uapi.sh has them: numbers, sizes and
		# offsets, in bytes, the same on amd64, i386 and arm64. Written by
		# "make record-abi": with what is new, in the commit that brings it.
		COMMENT
		"$top/lab/uapi.sh" amd64
	} >"$record/uapi"
}

check_library()
{
	describe "$dir/new.abi"
	if abidiff --no-added-syms "$record/libbarlease.abi" "$dir/new.abi"; then
		say ABI "libbarlease $version has all that lib/abi has of it"
	else
		say FAIL "libbarlease is not what programs were promised: see above"
		bad=1
	fi
}

check_headers()
{
	if (cd "$top" && lab/uapi.sh "$1" lib/abi/uapi); then
		say ABI "include/uapi on $1 is what lib/abi has of it"
	else
		say FAIL "include/uapi on $1 is not what lib/abi has: see above"
		bad=1
	fi
}

lock abi
build_library
if [ "${1-}" = record ]; then
	mkdir -p "$record"
	record_library
	record_headers
	say ABI "lib/abi is of $version now: look at what has changed in it"
	exit
fi
check_library
for machine in amd64 i386 arm64; do
	check_headers "$machine"
done
[ -z "$bad" ] || die "the ABI has changed" \
	'what is meant is recorded, by "make record-abi": CONTRIBUTING.md says when'
