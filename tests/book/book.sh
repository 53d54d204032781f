#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2317	# the steps of a page call these
# The pages of docs/book, in the guest: what each of them has its reader type, in
# order. A command has to end as it should, and to say what is printed.

PATH=/bin:/sbin:/examples
export PATH
# What the guest's tests are told, nobody who reads the book is.
unset BARLEASE_SEED BARLEASE_MINUTES BARLEASE_TTY

here=/book
work=/tmp/book
config=/etc/barlease
driver=barlease-vfio-pci
checks=0
failures=0

# ok STATUS WORDS
ok()
{
	checks=$((checks + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $checks - $2"
	else
		failures=$((failures + 1))
		echo "not ok $checks - $2"
	fi
}

# comes_true COMMAND...: within two minutes, if the guest is that slow
comes_true()
{
	local tries=1200

	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

not()
{
	! "$@"
}

# address_of VENDOR DEVICE [SIZE]: of the device that has a BAR 2 of that size
address_of()
{
	local d vendor device

	for d in /sys/bus/pci/devices/*; do
		read -r vendor <"$d/vendor"
		read -r device <"$d/device"
		[ "$vendor $device" = "$1 $2" ] || continue
		[ -z "${3-}" ] || [ "$(stat -c %s "$d/resource2")" = "$3" ] || continue
		echo "${d##*/}"
	done
}

# shellcheck source=tests/book/steps.sh
. "$here/steps.sh"

run()
{
	type_in "$@"
}

elsewhere()
{
	:
}

nowhere()
{
	:
}

guest()
{
	eval "$(here_it_is "$2")" >"$work/said" 2>&1
	ok $? "$page:$1: $2"
}

# --- what <!-- guest: --> asks for ---

broker_answers()
{
	comes_true barlease devices
}

broker_start()
{
	typed root barleased >"$work/log" 2>&1 </dev/null &
	broker=$!
	broker_answers
}

broker_stop()
{
	[ -z "$broker" ] || stop "$broker"
	broker=
}

wait_for_socket()
{
	comes_true test -S "$1"
}

has_lease()
{
	barlease ps | grep -q " held  *$1 "
}

wait_for_lease()
{
	comes_true has_lease "$1"
}

# tell PORT LINE, in a shell of its own: one that cannot open a port exits. One has it
# at a time, and timeout(1) leaves a process that has it for a moment.
tell()
{
	(
		exec 5<>"$1"
		echo "$2" >&5
		timeout 3 cat <&5
		:
	)
}

# What QEMU's monitor answers is nobody's afterwards.
monitor()
{
	local p name

	for p in /sys/class/virtio-ports/*; do
		read -r name <"$p/name"
		[ "$name" = org.barlease.monitor ] || continue
		comes_true tell "/dev/${p##*/}" "$1"
	done
}

has_disk()
{
	disk=$(address_of 0x1b36 0x0010)
	[ -n "$disk" ]
}

plug_disk()
{
	monitor "drive_add 0 if=none,id=book,driver=null-co,size=64M,read-zeroes=on,snapshot=on"
	monitor "device_add nvme,id=book,serial=book,drive=book,bus=hp0,addr=0.0"
	comes_true has_disk || return
	# The kernel shows a device before it lets anybody bind it.
	sleep 1
}

pull_disk()
{
	[ -n "$disk" ] || return 0
	barlease unbind "$disk" >/dev/null 2>&1
	monitor "device_del book"
	comes_true not has_disk
	ok $? "$page: the disk is pulled out"
}

# --- all pages ---

# Whatever a page does to it, the next one and the next test find it as it was.
bind_memory()
{
	[ ! -e "/sys/bus/pci/drivers/$driver/$memory" ] || return 0
	echo "$driver" >"/sys/bus/pci/devices/$memory/driver_override"
	echo "$memory" >/sys/bus/pci/drivers_probe
	comes_true test -e "/sys/bus/pci/drivers/$driver/$memory"
}

do_page()
{
	page=${1#"$here/"}
	rm -rf "$config"
	awk -f "$here/steps.awk" "$1" >"$work/steps" || failures=$((failures + 1))
	# shellcheck source=/dev/null
	. "$work/steps"
	jobs_over
	broker_stop
	pull_disk
	bind_memory
	ok $? "$page: the device is as it was"
}

memory=$(address_of 0x1af4 0x1110 67108864)
disk=
broker=
# What is printed has sizes of this machine.
if [ "$(uname -m)" != x86_64 ] || [ -z "$memory" ]; then
	echo "ok 1 - the book # SKIP it is about a machine of amd64"
	echo 1..1
	exit
fi
mkdir -p "$work"
for path in "$here"/*.md "$here"/how-to/*.md; do
	do_page "$path"
done
rm -rf "$work" "$config" /run/mine /tmp/blocks /tmp/back
echo "1..$checks"
[ "$failures" -eq 0 ]
