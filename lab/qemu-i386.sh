# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The guest of 32 bits: the machine of amd64, with what such a kernel can address.
# qemu.sh sources it.

# A page's number has 32 bits, and firmware places BARs as high as the CPU lets it:
# above 4 GiB, and not above what page tables can say. Nor is there a BAR of 8 TiB.
i386_address_bits=40

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
	     -cpu "max,phys-bits=$i386_address_bits")
}
