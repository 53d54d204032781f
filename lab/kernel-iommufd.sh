#!/bin/bash
# SPDX-License-Identifier: MIT
# Kernel 7.3 with iommufd and VFIO's no-IOMMU mode, which Debian's has off: the
# stock kernel, its VFIO and iommufd built anew from the source of the same version. KERNEL names the
# directory, which is as that of the stock one (see fetch-kernel.sh); files that
# stay are shared with it.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/root.sh"

stock=$build/kernel-7.3
work=$build/iommufd

# What differs from Debian's configuration
options=(
	IOMMUFD=m
	IOMMUFD_DRIVER_CORE=m
	INTERVAL_TREE_SPAN_ITER=y
	VFIO_DEVICE_CDEV=y
	VFIO_NOIOMMU=y
)

fetch_source()
{
	apt_foreign trixie
	root_fetch "source of kernel 7.3" \
		env -C "$work" apt-get download -q linux-source-7.3
}

# Of the source only this: the headers' package has the rest.
unpack_source()
{
	dpkg-deb --fsys-tarfile "$work"/linux-source-7.3_*.deb |
		tar -xO ./usr/src/linux-source-7.3.tar.xz |
		tar -xJ -C "$work" --strip-components 1 \
			linux-source-7.3/drivers/iommu \
			linux-source-7.3/drivers/vfio \
			linux-source-7.3/lib/interval_tree.c
	rm "$work"/linux-source-7.3_*.deb
}

# A part of the kernel proper that Debian's has not, and iommufd takes along
add_span_iterator()
{
	local iommufd=$work/drivers/iommu/iommufd

	{
		printf '#include <linux/%s.h>\n' export interval_tree
		sed -n '/^#ifdef CONFIG_INTERVAL_TREE_SPAN_ITER/,/^#endif/p' \
			"$work/lib/interval_tree.c"
	} >"$iommufd/span.c"
	sed -i 's/^\tviommu\.o$/\tviommu.o span.o/' "$iommufd/Makefile"
	echo 'obj-m += drivers/iommu/iommufd/ drivers/vfio/' >"$work/Kbuild"
}

# The files are the stock kernel's as well: they are replaced, not written to.
configure_headers()
{
	local config=$kernel/headers/include option name

	cp "$config/generated/autoconf.h" "$work/autoconf.h"
	cp "$config/config/auto.conf" "$work/auto.conf"
	for option in "${options[@]}"; do
		name=CONFIG_${option%=*}
		[ "${option#*=}" = y ] || name=${name}_MODULE
		echo "#define $name 1" >>"$work/autoconf.h"
		echo "CONFIG_$option" >>"$work/auto.conf"
	done
	mv "$work/autoconf.h" "$config/generated/autoconf.h"
	mv "$work/auto.conf" "$config/config/auto.conf"
}

replace_modules()
{
	local dir m

	dir=$(readlink -f "$kernel/modules")/kernel
	rm -rf "$dir/drivers/vfio"
	find "$work/drivers" -name '*.ko' | while read -r m; do
		m=${m#"$work"/}
		mkdir -p "$dir/${m%/*}"
		cp "$work/$m" "$dir/$m"
	done
}

# What modules may call, for those that are built for this kernel
replace_symbols()
{
	local list=$kernel/headers/Module.symvers

	{
		grep -v $'\tdrivers/vfio/' "$list"
		cat "$work/Module.symvers"
	} >"$work/symbols"
	mv "$work/symbols" "$list"
}

KERNEL=$stock "$top/lab/fetch-kernel.sh"
lock kernel
[ ! -e "$kernel/release" ] ||
	[ "${options[*]}" != "$(cat "$kernel/options" 2>/dev/null)" ] || exit 0
rm -rf "$work" "$kernel"
mkdir -p "$work"
fetch_source
step UNPACK "VFIO and iommufd of kernel 7.3" unpack_source
add_span_iterator
cp -al "$stock" "$kernel"
rm "$kernel/release"
configure_headers
step BUILD "VFIO and iommufd of kernel 7.3" \
	"$top/lab/kbuild.sh" "$kernel/headers" "$work" -j2
replace_modules
replace_symbols
rm -rf "$work"
echo "${options[*]}" >"$kernel/options"
# Last, for it says that all the rest is there.
cp "$stock/release" "$kernel/release"
