#!/bin/bash
# SPDX-License-Identifier: MIT
# deb-root.sh CODENAME: a small Debian of that name that boots, with its kernel and
# the headers of it, packed as build/deb-root/CODENAME.tar, for lab/check-deb.sh. Its
# sources are the host's mirror, and of them those that the driver's kernels come
# from.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"

name=$1
tar=$build/deb-root/$name.tar

# What the host gets its own release from has the other releases as well.
sources()
{
	local uri suite

	while read -r uri suite; do
		case $suite in
		"$codename" | "$codename"-updates | "$codename"-security)
			suite=$name${suite#"$codename"}
			echo "deb $(apt_keyring)$uri $suite main" ;;
		esac
	done < <(apt_host_suites)
	echo "deb $(apt_keyring)$(apt_mirror) $name-backports main"
}

# The release's own kernel is 6.1 in Debian 12.
kernel_packages()
{
	case $name in
	bookworm) echo linux-image-6.12-amd64,linux-headers-6.12-amd64 ;;
	*) echo linux-image-amd64,linux-headers-amd64 ;;
	esac
}

# What it boots from in the lab's machine is all that its initramfs is to have. That
# is there before the kernel.
# shellcheck disable=SC2016	# for mmdebstrap's shell
initramfs='mkdir -p "$1/etc/initramfs-tools/conf.d" \
		"$1/usr/share/initramfs-tools/modules.d"
	echo MODULES=list >"$1/etc/initramfs-tools/conf.d/lab"
	printf "%s\n" virtio_pci virtio_blk ext4 \
		>"$1/usr/share/initramfs-tools/modules.d/lab"'

lock "deb-root-$name"
[ ! -e "$tar" ] || exit 0
"$top/lab/packages.sh" mmdebstrap
mkdir -p "$build/deb-root"
apt_release
[ -n "$(apt_mirror)" ] || die "apt's sources name no Debian suite \"$codename\"" \
	"the lab needs Debian 12 or 13 with its mirror in apt's sources"
sources >"$build/deb-root/$name.list"
# Nothing that is lost with the machine would be missed.
step ROOT "Debian $name, with a kernel" mmdebstrap --mode=root --variant=apt \
	--dpkgopt=force-unsafe-io --aptopt='APT::Install-Recommends "false"' \
	--include="systemd-sysv,udev,dbus,kmod,openssl,$(kernel_packages)" \
	--essential-hook="$initramfs" \
	--format=tar "$name" "$tar.new" "$build/deb-root/$name.list" ||
	die "there is no root of $name" \
	    "see above; the mirror of apt's sources must have $name and its updates"
mv "$tar.new" "$tar"
