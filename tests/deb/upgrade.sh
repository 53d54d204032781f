#!/bin/bash
# SPDX-License-Identifier: MIT
# Packages of a higher version come while a lease is held. The broker goes on until
# the administrator starts it anew. The driver's package is not among them: a
# compiler in an emulated machine takes too long; see check-deb.sh.
set -u
. "${0%/*}/machine.sh"

next=$(dpkg-deb -f /next/barlease_*.deb Version)
hold doorbell-0
ok "$?" "a user holds a lease" "$(cat /tmp/holder.said)"
pid=$(property MainPID barleased.service)

runs "the packages of version $next are installed" \
	apt-get -y install /next/barlease_*.deb /next/barlease-dbgsym_*.deb \
	/next/libbarlease*.deb
has "barlease is of that version" "$next" "$(barlease --version)"
is "the broker is the same process" "$pid" "$(property MainPID barleased.service)"
is "all units are active" active "$(states active)"
is "and enabled" enabled "$(states enabled)"
is "systemd knows the new units" no "$(property NeedDaemonReload barleased.service)"
comes_true holder_reads 0x00000010: 0x00001234
ok "$?" "the user has the lease, and reaches the device"
has "there is the configuration" "[slice window]" "$(cat "$config")"
runs "barlease ps, of the new version, asks the old broker" barlease ps
has "and is told of the lease" doorbell-0 "$said"
runs "systemctl reload barleased" systemctl reload barleased

runs "systemctl restart barleased" systemctl restart barleased
comes_true holder_is_gone
ok "$?" "the lease ends with the broker that gave it"
is "the broker is of the file that is there now" /usr/sbin/barleased \
	"$(readlink "/proc/$(property MainPID barleased.service)/exe")"
hold doorbell-0
ok "$?" "which gives out leases" "$(cat /tmp/holder.said)"
systemctl stop barleased.service
comes_true holder_is_gone
ok "$?" "and takes them back when it is stopped"
tap_done
