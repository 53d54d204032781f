#!/bin/bash
# SPDX-License-Identifier: MIT
# Packages of a higher version come while a lease is held. The broker becomes that
# version, and nobody notices; where it cannot, it goes on or is started anew. The
# driver's package is not among them: a compiler in an emulated machine takes too long;
# see check-deb.sh.
set -u
. "${0%/*}/machine.sh"

old=$(barlease --version)
next=$(dpkg-deb -f /next/barlease_*.deb Version)

# Of the program that the process has, whatever is installed
broker_version()
{
	"/proc/$(property MainPID barleased.service)/exe" --version
}

lease_number()
{
	barlease ps | awk '/doorbell-0/ { print $1 }'
}

nobody_notices()
{
	local pid lease

	hold doorbell-0
	ok "$?" "a user holds a lease" "$(cat /tmp/holder.said)"
	pid=$(property MainPID barleased.service)
	lease=$(lease_number)
	is "the broker is of the version that was there" "barleased ${old#* }" \
		"$(broker_version)"
	runs "the packages of version $next are installed" \
		apt-get -y install /next/barlease_*.deb /next/barlease-dbgsym_*.deb \
		/next/libbarlease*.deb
	is "barlease is of that version" "barlease $next" "$(barlease --version)"
	is "the broker is, too" "barleased $next" "$(broker_version)"
	is "of the file that is there now" /usr/sbin/barleased \
		"$(readlink "/proc/$(property MainPID barleased.service)/exe")"
	is "and is the same process" "$pid" "$(property MainPID barleased.service)"
	is "all units are active" active "$(states active)"
	is "and enabled" enabled "$(states enabled)"
	is "systemd knows the new units" no \
		"$(property NeedDaemonReload barleased.service)"
	comes_true holder_reads 0x00000010: 0x00001234
	ok "$?" "the user has the lease, and reaches the device" \
		"$(cat /tmp/holder.said)"
	is "it is the same lease" "$lease" "$(lease_number)"
	has "there is the configuration" "[slice window]" "$(cat "$config")"
	runs "systemctl reload barleased" systemctl reload barleased
}

# Of which the new program would not start
bad_configuration_waits()
{
	local pid

	pid=$(property MainPID barleased.service)
	cp "$config" "$config.good"
	echo 'frobnicate = yes' >>"$config"
	runs "the package is installed over a bad configuration" \
		dpkg -i /next/barlease_*.deb
	has "and says what to do" 'run "barlease restart"' "$said"
	is "the broker is the same process" "$pid" "$(property MainPID barleased.service)"
	comes_true holder_reads 0x00000010: 0x00001234
	ok "$?" "the user has the lease" "$(cat /tmp/holder.said)"
	mv "$config.good" "$config"
}

hung_one_is_restarted()
{
	local pid

	pid=$(property MainPID barleased.service)
	kill -STOP "$pid"
	runs "the package is installed with a broker that hangs" \
		dpkg -i /next/barlease_*.deb
	has "and says what it does" "barleased is restarted" "$said"
	comes_true holder_is_gone
	ok "$?" "the lease ends with the broker that gave it"
	[ "$(property MainPID barleased.service)" != "$pid" ]
	ok "$?" "the broker is another process"
	is "all units are active" active "$(states active)"
	hold doorbell-0
	ok "$?" "which gives out leases" "$(cat /tmp/holder.said)"
	systemctl stop barleased.service
	comes_true holder_is_gone
	ok "$?" "and takes them back when it is stopped"
	runs "the package is installed with no broker that runs" \
		dpkg -i /next/barlease_*.deb
	is "which nobody starts" inactive "$(property ActiveState barleased.service)"
}

nobody_notices
bad_configuration_waits
hung_one_is_restarted
tap_done
