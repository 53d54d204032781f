#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch the kernel's own tests of VFIO, tools/testing/selftests/vfio of Debian's
# linux-source-7.3, and build them as build/selftests/bin/PROGRAM, static, for
# any guest. None of their code is in this repository.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/root.sh"

work=$build/selftests
source=$work/source
tests=$source/tools/testing/selftests/vfio
package=linux-source-7.3

candidate()
{
	apt-cache policy "$package" | awk '$1 == "Candidate:" { print $2 }'
}

# Its headers for userspace are those of the same version of linux-libc-dev.
download()
{
	local version

	version=$(candidate)
	env -C "$work" apt-get download -q "$package=$version" \
		"linux-libc-dev=$version"
}

# Of the source only this
unpack_source()
{
	dpkg-deb -x "$work"/linux-libc-dev_*.deb "$work/headers"
	mkdir -p "$source"
	dpkg-deb --fsys-tarfile "$work/${package}"_*.deb |
		tar -xO "./usr/src/$package.tar.xz" |
		tar -xJ -C "$source" --strip-components 1 \
			"$package"/{include/linux/pci_ids.h,scripts/subarch.include} \
			"$package"/drivers/{dma,net/ethernet/intel/igb} \
			"$package"/tools/{arch/x86/include,include,scripts} \
			"$package"/tools/testing/selftests/{lib.mk,vfio} \
			"$package"/tools/testing/selftests/kselftest{,_harness}.h
	rm "$work"/*.deb
}

# An emulated machine takes longer than the 30 s that a case has.
compile()
{
	local include=$work/headers/usr/include

	sed -i 's/timeout \* 1000/timeout * 10000/' \
		"$source/tools/testing/selftests/kselftest_harness.h"
	gcc -O2 -Wall -c "$top/tests/guest/selftests/mode.c" -o "$work/mode.o"
	# Not the guest's name of it, which make has in the environment; and where to
	# put things, which it does not know when a make has called it
	make -C "$tests" -j2 ARCH=x86_64 OUTPUT="$tests" \
		KHDR_INCLUDES="-isystem $include -isystem $include/x86_64-linux-gnu" \
		EXTRA_CFLAGS=-O2 LDFLAGS=-static LDLIBS="$work/mode.o -luuid"
}

# What is built is all that is kept.
keep()
{
	mkdir -p "$work/bin"
	find "$tests" -maxdepth 1 -type f -name '*_test' -perm -u+x \
		-exec cp -t "$work/bin" {} +
	strip "$work"/bin/*
	rm -rf "$source" "$work/headers" "$work/mode.o"
}

lock selftests
[ ! -e "$work/version" ] || exit 0
"$top/lab/packages.sh" gcc libc6-dev make uuid-dev

apt_foreign trixie
rm -rf "$work"
mkdir -p "$work"
root_fetch "VFIO selftests of kernel 7.3" download
step UNPACK "VFIO selftests of kernel 7.3" unpack_source
step BUILD "VFIO selftests of kernel 7.3" compile
keep
candidate >"$work/version"
