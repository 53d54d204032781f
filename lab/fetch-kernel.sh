#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch the stock Debian 6.12 kernel and its headers and unpack them:
#   build/kernel/release   its "uname -r"
#   build/kernel/vmlinuz
#   build/kernel/modules   /lib/modules/RELEASE of the guest
#   build/kernel/headers   for make -C
# Nothing of it is installed on the host.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"

# The package that today's kernel hangs off: Debian 13 has 6.12 as its own.
meta()
{
	case $codename in
	bookworm) echo "linux-$1-6.12-amd64" ;;
	*) echo "linux-$1-amd64" ;;
	esac
}

# link NAME PATH...: the first PATH that the packages brought is NAME.
link()
{
	local name=$1 path
	shift

	for path; do
		if [ -e "$root/$path" ]; then
			ln -s "root/$path" "$build/kernel/$name"
			return
		fi
	done
	die "the packages of kernel $rel hold no $1"
}

lock kernel
[ ! -e "$build/kernel/release" ] || exit 0
[ "$(dpkg --print-architecture)" = amd64 ] ||
	die "the guest is an amd64 one, and so must the host be"

apt_private
image=$(apt_depends "$(meta image)" | grep '^linux-image-6\.12') ||
	die "apt knows no $(meta image) of version 6.12" \
	    "apt's sources need $codename-security"
rel=${image#linux-image-}
headers=linux-headers-$rel
packages=$(apt_depends "$headers" | awk '/^linux-(headers|kbuild)-/')
compiler=$(apt_depends "$headers" | awk '/^(gcc-[0-9]+|pahole)$/')

root=$build/kernel/root
rm -rf "$build/kernel"
# shellcheck disable=SC2086	# lists of words
{
	"$top/lab/packages.sh" $compiler
	apt_fetch "kernel $rel" "$build/kernel/deb" \
		"$image" "$headers" $packages
}
unpack "kernel $rel" "$build/kernel/deb" "$root"
# The headers as packaged name each other by absolute paths.
sed -i "s|/usr/src/|../|" "$root/usr/src/$headers/Makefile"
link headers "usr/src/$headers"
link vmlinuz "boot/vmlinuz-$rel"
# Debian 13 has no files outside of /usr, boot apart.
link modules "lib/modules/$rel" "usr/lib/modules/$rel"
# Last, for it says that all the rest is there.
echo "$rel" >"$build/kernel/release"
