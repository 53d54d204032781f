#!/bin/bash
# SPDX-License-Identifier: MIT
# install-module.sh install|uninstall RELEASE DIR: put the driver that is in DIR
# where modprobe finds it for kernel RELEASE, below $DESTDIR, or take it away.
set -eu
. "$(dirname "$0")/lib.sh"

what=$1
release=$2
dir=$3
root=${DESTDIR-}
modules=/lib/modules/$release
module=$modules/updates/barlease-vfio-pci.ko

case $what in
install)
	mkdir -p "$root$modules/updates"
	# Debugging information is nine tenths of it.
	objcopy --strip-debug "$dir/barlease-vfio-pci.ko" "$root$module"
	chmod 644 "$root$module"
	say INSTALL "$root$module"
	;;
uninstall)
	rm -f "$root$module"
	[ ! -d "$root$modules" ] || rmdir -p --ignore-fail-on-non-empty \
		"$root$modules/updates"
	say REMOVE "$root$module"
	;;
*) die "install-module.sh cannot $what" ;;
esac
# A package's scripts do this on the machine that it is for.
[ -n "$root" ] || [ ! -d "$modules" ] || depmod "$release"
