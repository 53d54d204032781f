#!/bin/bash
# SPDX-License-Identifier: MIT
# Everything is undone, as docs/install.md says, with the broker running.
set -u
. "${0%/*}/machine.sh"

# Of what systemd and udev have, and what is in the file system
leftovers()
{
	find / -xdev \( -path /build -o -path /next -o -path /var/log \) -prune -o \
		-name '*barlease*' -print
	find /run /dev -name '*barlease*' ! -name '*org.barlease.*'
	systemctl list-units --all --no-legend --plain 'barlease*'
	systemctl list-unit-files --no-legend 'barlease*'
	dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' '*barlease*' 2>/dev/null
	lsmod | grep barlease
}

systemctl start barleased.service
refused "a device that the broker has is not unbound" barlease unbind "$dev"
runs "systemctl stop barleased" systemctl stop barleased.service
runs "barlease unbind $dev" barlease unbind "$dev"
is "udev's rule of it is gone" "" \
	"$(find /etc/udev/rules.d -name '70-barlease-bind-*')"
runs "the driver is unloaded" modprobe -r barlease-vfio-pci
runs "the broker runs without a device" systemctl start barleased.service
# One that nobody has unbound
touch /etc/udev/rules.d/70-barlease-bind-0000:99:00.0.rules

runs "apt removes barlease" apt-get -y remove barlease
is "its units are stopped" inactive "$(states active)"
is "there is no socket" "" "$(find /run -type s -path '*barlease*')"
is "the configuration is still there" barleased.conf "$(ls /etc/barlease)"
runs "apt purges all of it" apt-get -y purge barlease barlease-dkms libbarlease0 \
	libbarlease-dev python3-barlease
refused "modprobe knows no driver" modprobe barlease-vfio-pci
is "nothing is left" "" "$(leftovers)"
is "systemd has no unit that failed" "" \
	"$(systemctl --failed --no-legend --plain)"
tap_done
