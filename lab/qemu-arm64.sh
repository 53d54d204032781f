# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The arm64 guest: QEMU's virt, with Arm's IOMMU. Without firmware the kernel is
# told of the machine by a device tree, has its ports' hot-plug to itself, and
# places the BARs. qemu.sh sources it.

# To reset what is behind a port with hot-plug takes two commands to the port, and
# QEMU does not tell the kernel that they are done, which waits a second for each.
root_port=pcie-root-port,hotplug=off

# A BAR that is larger than VFIO has numbers for, and the room for it
# shellcheck disable=SC2054	# commas are QEMU's
large_bar=(
	-device "$root_port,id=rp6,chassis=7,slot=6"
	-device pci-testdev,id=large,membar=8T,bus=rp6
)

# arch_append MODE. Firmware would tell the kernel how much memory an empty port
# may come to need. And the kernel finds the IOMMU too late here to have the ports
# keep devices apart: whatever is behind one then shares its group, and as soon as
# VFIO has that, the IOMMU stops the port's own messages, among them that of an
# error on its link.
arch_append()
{
	local iommu='' pci=hpmmiosize=4M,hpmmioprefsize=64M

	pci=$pci,config_acs=11101@pci:1b36:c
	[ "$1" != noiommu ] || iommu=' arm-smmu-v3.disable_bypass=0'
	echo "console=ttyAMA0 pci=$pci$iommu"
}

use_accel()
{
	local machine=virt,iommu=smmuv3,gic-version=3

	[ "$1" = tcg ] || die "arm64 runs under BARLEASE_ACCEL=tcg only"
	accel=tcg
	# The keyboard is for run-guest.sh to ask a guest that hangs.
	# shellcheck disable=SC2054	# commas are QEMU's
	cpu=(-accel "tcg,thread=$(tcg_threads)" -cpu max
	     -device virtio-keyboard-pci)
	if [ "$(qemu_major)" -ge 10 ]; then
		machine=$machine,highmem-mmio-size=32T
		cpu+=("${large_bar[@]}")
	fi
	cpu+=(-machine "$machine")
}
