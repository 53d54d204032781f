# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The amd64 guest: QEMU's q35, with Intel's IOMMU. qemu.sh sources it.

root_port=pcie-root-port

# A BAR that is larger than VFIO has numbers for. Where it goes, TCG's CPU has
# addresses when asked for them, and that of QEMU 7.2 not even then. VFIO maps all of
# it, and KASAN would want an eighth of that in memory.
# shellcheck disable=SC2054	# commas are QEMU's
large_bar=(
	-device pcie-root-port,id=rp6,chassis=7,slot=6,pref64-reserve=16T
	-device pci-testdev,id=large,membar=8T,bus=rp6
)

# With eim=on the guest drives its interrupt controllers through MSRs. Without,
# it writes to memory, and under TCG such a write is lost now and then while a
# reset changes the memory map: a CPU whose end of interrupt was lost gets no
# timer interrupt any more. QEMU before 9 has it with KVM only.
amd64_iommu()
{
	local eim=''

	[ "$(qemu_major)" -lt 9 ] || eim=,eim=on
	echo "intel-iommu,intremap=on,caching-mode=off$eim"
}

# arch_append MODE
arch_append()
{
	local iommu=on

	case $1 in
	noiommu) iommu=off ;;
	# No remapping of interrupts, and nothing that is write-combining
	weak) iommu='on intremap=off nopat' ;;
	esac
	# On a host that is busy the timer may be too late for the kernel's check
	# of it, and the kernel does not start.
	echo "console=ttyS0 intel_iommu=$iommu no_timer_check"
}

# Where a kernel lets devices reach each other, it asks first whether the host
# bridge is known to pass that on, which those of this family of CPUs are.
cpu_family()
{
	! kernel_has PCI_P2PDMA || echo ,family=23
}

use_accel()
{
	accel=$1
	# shellcheck disable=SC2054	# commas are QEMU's
	case $accel in
	tcg) cpu=(-machine q35 -accel "tcg,thread=$(tcg_threads)") ;;
	kvm) cpu=(-machine q35,kernel-irqchip=split -accel kvm -cpu host) ;;
	*) die "BARLEASE_ACCEL must be tcg or kvm, not \"$accel\"" ;;
	esac
	cpu+=(-device "$(amd64_iommu)")
	if [ "$accel" = kvm ]; then
		return
	elif [ "$(qemu_major)" -ge 11 ]; then
		cpu+=(-cpu "max,phys-bits=48$(cpu_family)")
		kernel_has KASAN_VMALLOC || cpu+=("${large_bar[@]}")
	else
		cpu+=(-cpu max)
	fi
}
