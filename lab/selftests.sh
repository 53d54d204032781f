#!/bin/bash
# SPDX-License-Identifier: MIT
# selftests.sh: the kernel's own tests of VFIO in one guest, on stock vfio-pci and
# then on this driver by that name, with the same devices; and a table of both.
# It fails where anything is worse with this driver.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/root.sh"

out=$build/selftests/out
tree=$build/selftests/tree
results=$build/results
devices='igb edu'

# The programs try each way to the IOMMU that there is, but for one, which uses
# the one that it is told; and another takes a quarter of a minute for each case.
modes_of()
{
	case $1 in
	vfio_pci_device_test | vfio_pci_driver_test)
		echo :vfio_type1_iommu :iommufd ;;
	esac
}

# What to run, as the names of links to what runs it
links()
{
	local driver device path name mode modes

	for driver in stock barlease; do
		for device in $devices; do
			for path in "$build"/selftests/bin/*; do
				name=${path##*/}
				modes=$(modes_of "$name")
				for mode in ${modes:-''}; do
					ln -s /selftests/selftest \
						"$1/$driver:$device:$name$mode"
				done
			done
		done
	done
}

pack()
{
	rm -rf "$tree"
	mkdir -p "$tree/selftests/run" "$out" "$results"
	cp -r "$build/selftests/bin" "$tree/selftests/"
	links "$tree/selftests/run"
	root_pack "$tree" "$build/selftests/selftests.cpio"
	cat "$guest/initramfs" "$build/selftests/selftests.cpio" >"$out/initramfs"
}

"$top/lab/fetch-selftests.sh"
pack
OUT=$out INITRAMFS=$out/initramfs "$top/lab/run-guest.sh" selftests "${1-}" ||
	say FAIL "see $out/console.log"
rm -f "$out/initramfs"
awk -f "$top/lab/selftests.awk" -v results="$results/selftests" "$out/guest.tap"
