#!/bin/bash
# SPDX-License-Identifier: MIT
# The quick tour of README.md, in a machine that has nothing but the packages
set -u
. "${0%/*}/machine.sh"

is_as_installed()
{
	is "systemd has started all of its units" "" \
		"$(systemctl --failed --no-legend --plain)"
	is "the broker's units are not enabled" disabled "$(states enabled)"
	is "and not active" inactive "$(states active)"
	is "there is no configuration" "" "$(ls /etc/barlease)"
	has "modprobe finds the driver that DKMS has built" /updates/dkms/ \
		"$(modinfo -n barlease-vfio-pci)"
	# shellcheck disable=SC2086	# a list of words
	runs "systemd-analyze verifies the units" \
		systemd-analyze verify --man=no $units
	is "and has nothing to remark" "" "$said"
}

is_bound()
{
	runs "modprobe barlease-vfio-pci" modprobe barlease-vfio-pci
	runs "barlease bind $dev" barlease bind --persist "$dev"
	has "says that it is bound" \
		"$dev: bound to barlease-vfio-pci, was without a driver" "$said"
	has "barlease list has it" "barlease-vfio-pci" "$(barlease list)"
	is "there is udev's rule of --persist" 1 \
		"$(find /etc/udev/rules.d -name '70-barlease-bind-*.rules' | wc -l)"
}

is_configured()
{
	printf 'u %s - - /tmp /bin/sh\n' worker1 worker2 | systemd-sysusers -
	cat >"$config" <<-CONFIG
	[device $dev]

	[slice doorbell]
	bar = 2
	ranges = 0x1000+0x1000
	count = 64
	stride = 0x1000
	exclusive = yes
	users = worker1, worker2

	[slice window]
	bar = 2
	ranges = 32M+16M
	memattr = wc
	users = worker1
	CONFIG
	runs "the configuration is a good one" barleased --check -c "$config"
}

# The device's group's file
group()
{
	echo "/dev/vfio/$(basename \
		"$(readlink "/sys/bus/pci/devices/$dev/iommu_group")")"
}

is_started()
{
	runs "systemctl start barleased" systemctl start barleased ||
		log_of_service | sed 's/^/# /'
	is "the service and its sockets are active" active "$(states active)"
	is "the device's group is the broker's" "barlease:barlease 600" \
		"$(stat -c '%U:%G %a' "$(group)")"
	is "it runs as that user" barlease \
		"$(stat -c %U "/proc/$(property MainPID barleased.service)")"
	runs "systemctl enable barleased" systemctl enable barleased
	is "enables its sockets, too" enabled "$(states enabled)"
}

is_used()
{
	local first

	# shellcheck disable=SC2016	# for the user's shell
	runs "an ordinary user acquires a doorbell" as worker1 \
		barlease acquire doorbell --any -- sh -c \
		'env | grep ^BARLEASE_ | sort
		 barlease poke 0x10 0x1234; barlease peek 0x10'
	first=$said
	has "has its name" BARLEASE_NAME=doorbell-0 "$first"
	has "its size" BARLEASE_SIZE=4096 "$first"
	has "and reaches the device" "0x00000010: 0x00001234" "$first"
	refused "another one does not get \"window\"" as worker2 \
		barlease acquire window -- true
	refused "nor the device itself" as worker2 sh -c "exec 3<>$(group)"
	runs "who may, does" as worker1 barlease acquire window -- true
}

is_taken_back()
{
	local id

	hold doorbell-0
	ok "$?" "a user holds a lease" "$(cat /tmp/holder.said)"
	runs "barlease ps" barlease ps
	has "has it" doorbell-0 "$said"
	id=$(awk '/doorbell-0/ { print $1 }' <<<"$said")
	has "barlease show has its user" " $(id -u worker1) " \
		"$(barlease show "$dev")"
	runs "barlease revoke $id" barlease revoke "$id"
	comes_true holder_is_gone
	ok "$?" "the user's program ends"
	has "and is told why" \
		"lease $id (doorbell-0) was revoked: somebody ordered it" \
		"$(cat /tmp/holder.said)"
}

nothing_is_wrong()
{
	runs "barlease doctor finds nothing that is bad" barlease doctor
	runs "barlease report makes one" barlease report
}

is_as_installed
is_bound
is_configured
is_started
is_used
is_taken_back
nothing_is_wrong
tap_done
