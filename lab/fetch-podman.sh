#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch podman for the guest: Debian 13's, with crun and all that the two need down to
# the C library. It is unpacked, not installed:
#   build/podman/root          a file system that has it as /podman
#   build/podman/podman.cpio   the same, to go behind the guest's initramfs
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/root.sh"

cpio=$build/podman/podman.cpio
root=$build/podman/root/podman

# What nobody here runs or reads: no network, no images, nothing to be built
prune()
{
	rm -rf "${root:?}"/usr/share/{doc,man,locale,bash-completion,zsh,fish,perl*,i18n,lintian,info,common-licenses}
	rm -rf "$root"/usr/{include,lib/{dpkg,apt,systemd,udev}}
	rm -rf "$root"/usr/lib/x86_64-linux-gnu/{perl*,gconv,ossl-modules}
	rm -rf "$root"/usr/lib/cni
	rm -f "$root"/usr/bin/perl* "$root"/usr/libexec/podman/podman-testing
}

# As on a machine without a network, where containers are directories
configured()
{
	root_complete "$root"
	mkdir -p "$root"/etc/{cdi,containers} "$root/run/user" "$root/var/tmp"
	cat >"$root/etc/containers/containers.conf" <<-'END'
	[containers]
	netns = "none"
	cgroups = "disabled"
	log_driver = "none"
	keyring = false
	[engine]
	events_logger = "none"
	runtime = "crun"
	cgroup_manager = "cgroupfs"
	END
	cat >"$root/etc/containers/storage.conf" <<-'END'
	[storage]
	driver = "vfs"
	runroot = "/run/containers/storage"
	graphroot = "/var/lib/containers/storage"
	END
	echo '{ "default": [ { "type": "insecureAcceptAnything" } ] }' \
		>"$root/etc/containers/policy.json"
}

lock podman
[ ! -e "$cpio" ] || exit 0

apt_foreign trixie
rm -rf "$build/podman"
root_fetch "podman from trixie" root_download podman crun uidmap
unpack podman "$apt_dir/archives" "$root"
prune
configured
step PACK podman root_pack "$build/podman/root" "$cpio"
