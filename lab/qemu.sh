# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The virtual machine: its devices, and what runs it. Source after lib.sh. What
# differs between architectures is in qemu-ARCH.sh: arch_append(), the kernel's
# parameters there; $root_port, a port that nothing is plugged into; and
# use_accel(), which fills the array cpu with the machine, its CPU and its IOMMU,
# and sets $accel.

initramfs=${INITRAMFS:-$guest/initramfs}
# shellcheck source=lab/qemu-amd64.sh
. "$top/lab/qemu-$arch.sh"

# A guest of larger pages gets as much larger memory in its devices: of page tables
# the tests see the same then (tests/guest/lib/lease.h). One of 32 bits gets as much
# as goes below 4 GiB. Last is what the first one's port reserves. And an MSI-X table
# that is to be a page is so with so many vectors.
vectors=2
case $arch-$pages in
i386-4k) sizes=(256M 64M 16M 256M) ;;
*-4k) sizes=(1G 64M 16M 2G) ;;
*-16k) sizes=(64G 1G 256M 2G) vectors=512 ;;
*) die "the lab has no machine with pages of $pages" ;;
esac

# Two ivshmem BARs of memory, each behind a port of its own; a register device
# and a memory BAR that are two functions of one slot, and so are reset
# together; a port for the network card; a display on the root bus, which no bus
# reset reaches; a device of old, whose memory is an MSI-X table and nothing else;
# and two ports with nothing behind them yet. The ids are for tests that talk to
# QEMU's monitor.
# shellcheck disable=SC2054	# commas are QEMU's
machine=(
	-nodefaults -no-user-config -display none -no-reboot
	-smp 2 -m 1536
	-device virtio-serial-pci
	-device virtserialport,chardev=tap,name=org.barlease.tap
	-object "memory-backend-ram,id=big,size=${sizes[0]},share=on,reserve=off"
	-object "memory-backend-ram,id=small,size=${sizes[1]},share=on"
	-device "$root_port,id=rp0,chassis=1,slot=0,pref64-reserve=${sizes[3]}"
	-device "$root_port,id=rp1,chassis=2,slot=1"
	-device "$root_port,id=rp2,chassis=3,slot=2"
	-device ivshmem-plain,id=mem1g,memdev=big,bus=rp0
	-device ivshmem-plain,id=mem64m,memdev=small,bus=rp1
	-device edu,id=edu,bus=rp2,addr=00.0,multifunction=on
	-device "pci-testdev,id=testdev,membar=${sizes[2]},bus=rp2,addr=00.1"
	-device "$root_port,id=rp3,chassis=4,slot=3"
	-device bochs-display,id=display
	-device "virtio-rng-pci,disable-modern=on,disable-legacy=off,vectors=$vectors"
	-device pcie-root-port,id=hp0,chassis=11,slot=10,mem-reserve=4M
	-device pcie-root-port,id=hp1,chassis=12,slot=11,mem-reserve=4M
)

# For the programs of tests/guest/clients: two network cards on one wire, and two
# of another kind, on another wire, which a program must know otherwise.
# shellcheck disable=SC2054	# commas are QEMU's
client_machine=(
	-m 2560
	-device "$root_port,id=rp4,chassis=5,slot=4"
	-device "$root_port,id=rp5,chassis=6,slot=5"
	-netdev hubport,id=wire0,hubid=0
	-netdev hubport,id=wire1,hubid=0
	-device e1000e,netdev=wire0,bus=rp4,romfile=
	-device e1000e,netdev=wire1,bus=rp5,romfile=
	-device pcie-root-port,id=rp7,chassis=8,slot=7
	-device pcie-root-port,id=rp8,chassis=9,slot=8
	-netdev hubport,id=wire2,hubid=1
	-netdev hubport,id=wire3,hubid=1
	-device virtio-net-pci,netdev=wire2,bus=rp7,disable-legacy=on,iommu_platform=on,romfile=
	-device vmxnet3,netdev=wire3,bus=rp8,romfile=
)

# For the demo and the benchmarks, which measure nothing but a disk's driver: it takes
# no time, and QEMU keeps what is written to it in a file of its own.
# shellcheck disable=SC2054	# commas are QEMU's
disk_machine=(
	-device "$root_port,id=rp9,chassis=10,slot=9"
	-drive if=none,id=disk,driver=null-co,size=64M,read-zeroes=on,snapshot=on
	-device nvme,id=nvme,serial=barlease,drive=disk,bus=rp9
)

# For the kernel's selftests: huge pages of both sizes, and memory for them
selftests_machine=(-m 4096)
selftests_append='hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=64'

qemu_major()
{
	"$qemu_dir/run" --version |
		awk 'NR == 1 { print int($4) }'
}

# For its power management, and its VFs: those only QEMU's igb has.
network_card()
{
	local card=igb

	[ "$(qemu_major)" -ge 8 ] || card=e1000e
	echo "$card,id=card,bus=rp3,romfile="
}

# A monitor for the guest itself: what one reads is what the other writes, and
# QEMU opens both ends of a pipe, so it needs nobody in between.
# guest_monitor DIR: its pipes are there, its arguments in the array monitor.
guest_monitor()
{
	rm -f "$1"/{asks,answers}.{in,out}
	mkfifo "$1/asks.out" "$1/answers.out"
	ln -s asks.out "$1/answers.in"
	ln -s answers.out "$1/asks.in"
	# shellcheck disable=SC2054	# commas are QEMU's
	monitor=(
		-chardev "pipe,id=asks,path=$1/asks"
		-chardev "pipe,id=answers,path=$1/answers"
		-device virtserialport,chardev=asks,name=org.barlease.monitor
		-mon chardev=answers
	)
}

# qemu_command MODE [OPTION=VALUE...]: the whole command line, in the array
# qemu. Whoever runs it adds the chardev "tap", the serial port and monitors.
qemu_command()
{
	local append option extra=()

	case $1 in
	clients) extra=("${client_machine[@]}") ;;
	demo | picture | bench | shell) extra=("${disk_machine[@]}") ;;
	selftests) extra=("${selftests_machine[@]}") ;;
	esac
	append="$(arch_append "$1") panic=-1 loglevel=5"
	# The tests leave many marks in the log: no limit to their rate.
	append="$append printk.devkmsg=on"
	# What is used after it was freed, and kfree() is all there is to see of
	# it, is said so by the stock kernel, too. KASAN sees more, and takes memory.
	if kernel_has KASAN; then
		append="$append kasan_multi_shot"
		extra+=(-m 3072)
	elif [ "$1" = check ]; then
		append="$append slub_debug=FZPU,kmalloc-*"
	fi
	[ "$1" != check ] || ! kernel_has DEBUG_KMEMLEAK ||
		append="$append kmemleak=on"
	[ "$1" != selftests ] || append="$append $selftests_append"
	# For a guest that hangs, see run-guest.sh.
	append="$append sysrq_always_enabled barlease.mode=$1"
	shift
	for option; do
		append="$append barlease.$option"
	done
	append="$append${KERNEL_EXTRA:+ $KERNEL_EXTRA}"
	qemu=("$qemu_dir/run" "${cpu[@]}" "${machine[@]}"
	      -device "$(network_card)" "${extra[@]}"
	      -kernel "$kernel/vmlinuz" -initrd "$initramfs" -append "$append")
	# shellcheck disable=SC2206	# it holds words
	qemu+=(${QEMU_EXTRA-})
}

# One thread for both CPUs where a thread each is not safe (see fetch-qemu.sh):
# everything takes twice as long then.
tcg_threads()
{
	if [ "$(qemu_major)" -ge 11 ]; then
		echo multi
	else
		echo single
	fi
}

# /dev/kvm may exist and yet be unable to run an ordinary kernel. Nothing but
# a boot as far as init, in a few seconds, shows that it can.
kvm_works()
{
	local log=$build/lab/kvm.log

	use_accel kvm
	qemu_command probe
	# In a shell of its own, which keeps quiet should QEMU abort.
	(
		ulimit -c 0
		timeout -k 2 10 "${qemu[@]}" -chardev null,id=tap \
			-serial "file:$log"
		exit
	) >"$log.qemu" 2>&1 </dev/null 9>&- || return
	grep -q 'barlease: init' "$log"
}

# The answer holds for one boot of the host, one kernel and one QEMU.
choose_accel()
{
	local key answer=$build/lab/accel$flavour

	if [ -n "${BARLEASE_ACCEL-}" ]; then
		use_accel "$BARLEASE_ACCEL"
		return
	elif [ -n "$foreign" ] || [ ! -w /dev/kvm ]; then
		use_accel tcg
		return
	fi
	mkdir -p "$build/lab"
	key="$(cat "$kernel/release" /proc/sys/kernel/random/boot_id |
		tr '\n' ' ')$("$qemu_dir/run" --version | head -n 1)"
	if [ "$key" != "$(sed 1d "$answer" 2>/dev/null)" ]; then
		say PROBE "does /dev/kvm boot this kernel?"
		if kvm_works; then
			accel=kvm
		else
			accel=tcg
		fi
		printf '%s\n' "$accel" "$key" >"$answer"
	fi
	use_accel "$(head -n 1 "$answer")"
}
