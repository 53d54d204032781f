#!/bin/bash
# SPDX-License-Identifier: MIT
# Build a kernel that no distribution has from Debian's source of its version, with
# nothing but what the file of its name in lab/kernels/ asks for, and those that are
# named there after "With:"; what it has after "Make:" is for make. KERNEL names the
# directory, which is as that of a stock one (see fetch-kernel.sh). The source is in
# build/source-VERSION, for all of them; the first build takes 5 to 20 minutes on two
# CPUs that have nothing else to do.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"

name=${kernel##*/kernel-}
version=${name%%-*}
source=$build/source-$version
object=$kernel/headers
config=$kernel/config
files=$top/lab/kernels

unpack_source()
{
	dpkg-deb --fsys-tarfile "$1/linux-source-$version"_*.deb |
		tar -xO "./usr/src/linux-source-$version.tar.xz" |
		tar -xJ -C "$source" --strip-components 1
	rm -r "$1"
}

# Of 6.12 the host's own release has it; of what is newer, Debian 13's backports.
fetch_source()
{
	[ ! -e "$source/complete" ] || return 0
	case $version in
	6.12) apt_private ;;
	*) apt_foreign trixie ;;
	esac
	rm -rf "$source"
	mkdir -p "$source"
	apt_fetch "source of kernel $version" "$source/deb" "linux-source-$version"
	step UNPACK "source of kernel $version" unpack_source "$source/deb"
	touch "$source/complete"
}

# All that is asked for, options that matter most last
wanted()
{
	local with

	with=$(sed -n 's/^# With: //p' "$files/$name.config")
	for with in $with "$name"; do
		cat "$files/$with.config"
	done
}

make_kernel()
{
	local said

	said=$(sed -n 's/^# Make: //p' "$files/$name.config")
	# shellcheck disable=SC2086	# a list of words
	nice make -s -C "$source" O="$object" ARCH="$kernel_arch" $said "$@"
}

# Every option must have come to be as it was asked for.
configured()
{
	local line name

	grep -hE '^(# )?CONFIG_' "$config" | while read -r line; do
		name=${line#\# }
		name=${name%%[= ]*}
		if ! grep -qxF "$line" "$object/.config" &&
		   { [ "${line:0:1}" != '#' ] ||
		     grep -q "^$name=" "$object/.config"; }; then
			echo "the kernel does not take: $line" >&2
			return 1
		fi
	done
}

configure()
{
	make_kernel KCONFIG_ALLCONFIG="$config" allnoconfig
	configured
}

compile()
{
	make_kernel -j"$(nproc)" bzImage modules
	make_kernel INSTALL_MOD_PATH="$kernel/root" DEPMOD=true modules_install
	rm -f "$kernel"/root/lib/modules/*/{build,source}
}

lock kernel
! wanted | cmp -s - "$config" || [ ! -e "$kernel/release" ] || exit 0
"$top/lab/packages.sh" make gcc flex bison bc libelf-dev
mkdir -p "$object"
rm -rf "$kernel/release" "$kernel/root"
fetch_source
wanted >"$config"
step CONFIG "kernel $name" configure
step BUILD "kernel $name" compile
rel=$(make_kernel kernelrelease)
ln -sfn "root/lib/modules/$rel" "$kernel/modules"
ln -sf headers/arch/x86/boot/bzImage "$kernel/vmlinuz"
# Last, for it says that all the rest is there.
echo "$rel" >"$kernel/release"
