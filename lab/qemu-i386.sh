# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The guest of 32 bits: the machine of amd64, with what such a kernel can address.
# qemu.sh sources it.

# shellcheck disable=SC2034	# for qemu.sh
root_port=pcie-root-port

# There is no BAR of 8 TiB, nor any above 4 GiB: there ioremap() loses the upper half
# of an address, on 6.12 and 7.3.

# arch_append MODE. The core maps every BAR for the kernel's own use, which takes
# more addresses than there are by default. Such a kernel has no remapping of
# interrupts, without which VFIO has to be told that this is fine.
arch_append()
{
	local iommu=on

	[ "$1" != noiommu ] || iommu=off
	echo "console=ttyS0 intel_iommu=$iommu no_timer_check vmalloc=512M" \
		"vfio_iommu_type1.allow_unsafe_interrupts=1" \
		"iommufd.allow_unsafe_interrupts=1"
}

use_accel()
{
	accel=$1
	[ "$accel" = tcg ] || die "i386 runs under BARLEASE_ACCEL=tcg only"
	# shellcheck disable=SC2054	# commas are QEMU's
	cpu=(-machine q35 -accel "tcg,thread=$(tcg_threads)"
	     -device "intel-iommu,intremap=off,caching-mode=off"
	     -cpu max)
}
