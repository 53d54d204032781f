#!/bin/bash
# SPDX-License-Identifier: MIT
# Build a kernel that no distribution has from Debian's linux-source-6.12: nothing
# but what the guest needs, lab/kernels/guest.config, and what the file of that
# kernel's name beside it says. KERNEL names the directory, which is as that of a
# stock one (see fetch-kernel.sh). The source is in build/source-6.12, for all of
# them; the first build takes 5 to 15 minutes on two CPUs that have nothing else
# to do.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"

source=$build/source-6.12
object=$kernel/headers
config=$kernel/config
wanted=("$top/lab/kernels/guest.config" "$top/lab/kernels/$(basename "$kernel" |
	sed 's/^kernel-//').config")

unpack_source()
{
	dpkg-deb --fsys-tarfile "$1"/linux-source-6.12_*.deb |
		tar -xO ./usr/src/linux-source-6.12.tar.xz |
		tar -xJ -C "$source" --strip-components 1
	rm -r "$1"
}

fetch_source()
{
	[ ! -e "$source/complete" ] || return 0
	apt_private
	rm -rf "$source"
	mkdir -p "$source"
	apt_fetch "source of kernel 6.12" "$source/deb" linux-source-6.12
	step UNPACK "source of kernel 6.12" unpack_source "$source/deb"
	touch "$source/complete"
}

make_kernel()
{
	nice make -s -C "$source" O="$object" ARCH="$kernel_arch" "$@"
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
! cat "${wanted[@]}" | cmp -s - "$config" || [ ! -e "$kernel/release" ] || exit 0
"$top/lab/packages.sh" make gcc flex bison bc libelf-dev
mkdir -p "$object"
rm -rf "$kernel/release" "$kernel/root"
fetch_source
cat "${wanted[@]}" >"$config"
step CONFIG "kernel ${kernel##*/kernel-}" configure
step BUILD "kernel ${kernel##*/kernel-}" compile
rel=$(make_kernel kernelrelease)
ln -sfn "root/lib/modules/$rel" "$kernel/modules"
ln -sf headers/arch/x86/boot/bzImage "$kernel/vmlinuz"
# Last, for it says that all the rest is there.
echo "$rel" >"$kernel/release"
