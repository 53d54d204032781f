#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch the stock Debian kernel that KERNEL names, and its headers, and unpack
# them: in build/kernel, the default, 6.12 of the host's own release, in
# build/kernel-arm64 and build/kernel-arm64-16k the same for arm64, in
# build/kernel-6.12-rt its PREEMPT_RT, in build/kernel-7.3 that of Debian 13's
# backports. For build/kernel-7.3-iommufd see kernel-iommufd.sh, and for those
# that lab/kernels/ has a file of, kernel-own.sh.
#   release   its "uname -r"
#   vmlinuz
#   modules   /lib/modules/RELEASE of the guest
#   headers   for lab/kbuild.sh
# Nothing of it is installed on the host. The compiler of 6.12 is the host's,
# and is installed if need be; 7.3 brings Debian 13's with it.
set -euo pipefail
# A kernel is for its own machine, whatever its programs are.
unset USERLAND
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/root.sh"

root=$kernel/root

# meta IMAGE|HEADERS KIND: the package that today's kernel hangs off. Debian 13 has
# 6.12 as its own.
meta()
{
	case $codename in
	bookworm) echo "linux-$1-6.12-$2" ;;
	*) echo "linux-$1-$2" ;;
	esac
}

# fetch_6_12 KIND: amd64, arm64 or arm64-16k. The compiler of another machine's is
# not the kernel's own.
fetch_6_12()
{
	local image headers packages compiler meta

	apt_machine
	meta=$(meta image "$1")
	image=$(apt_depends "$meta" | grep '^linux-image-6\.12') ||
		die "apt knows no $meta of version 6.12" \
		    "apt's sources need $codename-security"
	rel=${image#linux-image-}
	headers=linux-headers-$rel
	packages=$(apt_depends "$headers" | awk '/^linux-(headers|kbuild)-/')
	compiler=$(apt_depends "$headers" | awk '/^(gcc-[0-9]+|pahole)$/')
	if [ -n "$foreign" ]; then
		# Of these, what is run is for this machine.
		packages=$(grep -v '^linux-kbuild-' <<<"$packages")
		compiler=
		fetch_tools "linux-kbuild-${rel%"-$1"}"
	fi
	# shellcheck disable=SC2086	# lists of words
	{
		[ -z "$compiler" ] || "$top/lab/packages.sh" $compiler
		apt_fetch "kernel $rel" "$kernel/deb" \
			"$image" "$headers" $packages
	}
	unpack "kernel $rel" "$kernel/deb" "$root"
}

# In a shell of its own, for the private apt of this machine.
fetch_tools()
(
	apt_private
	apt_fetch "$1" "$kernel/deb" "$1"
	unpack "$1" "$kernel/deb" "$root"
)

# The newest 7.3 that there is, without what its packages want for booting; and
# what kbuild calls, beside the compiler.
download_7_3()
{
	local rel

	rel=$(apt-cache pkgnames linux-image-7.3. | sort -V |
		sed -nE 's/^linux-image-(7\.3\.[0-9]+\+deb13-amd64)$/\1/p' |
		tail -n 1)
	[ -n "$rel" ] || {
		echo "trixie-backports has no kernel 7.3" >&2
		return 1
	}
	root_download "linux-binary-$rel" "linux-modules-$rel" \
		"linux-headers-$rel" make binutils bash dash coreutils findutils \
		diffutils grep sed mawk
}

# Debian 12 has no compiler that is new enough.
fetch_7_3()
{
	apt_foreign trixie
	root_fetch "kernel 7.3 and its compiler from trixie-backports" \
		download_7_3
	unpack "kernel 7.3" "$apt_dir/archives" "$root"
	root_complete "$root"
	ln -sf mawk "$root/usr/bin/awk"
	rel=$(ls "$root/usr/lib/modules")
}

# link NAME PATH...: the first PATH that the packages brought is NAME.
link()
{
	local name=$1 path
	shift

	for path; do
		if [ -e "$root/$path" ]; then
			ln -s "root/$path" "$kernel/$name"
			return
		fi
	done
	die "the packages of kernel $rel hold no $1"
}

[ "$kernel" != "$build/kernel-7.3-iommufd" ] ||
	exec "$top/lab/kernel-iommufd.sh"
[ ! -e "$top/lab/kernels/${kernel##*/kernel-}.config" ] ||
	exec "$top/lab/kernel-own.sh"

lock kernel
[ ! -e "$kernel/release" ] || exit 0
[ "$(dpkg --print-architecture)" = amd64 ] ||
	die "the lab's tools are for amd64, and so must the host be"

rm -rf "$kernel"
case $kernel in
"$build/kernel") fetch_6_12 amd64 ;;
"$build/kernel-6.12-rt") fetch_6_12 rt-amd64 ;;
"$build/kernel-arm64") fetch_6_12 arm64 ;;
"$build/kernel-arm64-16k") fetch_6_12 arm64-16k ;;
"$build/kernel-7.3") fetch_7_3 ;;
*) die "there is no fetching $kernel" ;;
esac
# The headers as packaged name each other by absolute paths.
sed -i "s|/usr/src/|../|" "$root/usr/src/linux-headers-$rel/Makefile"
link headers "usr/src/linux-headers-$rel"
link vmlinuz "boot/vmlinuz-$rel" "usr/lib/modules/$rel/vmlinuz"
# Debian 13 has no files outside of /usr, boot apart.
link modules "lib/modules/$rel" "usr/lib/modules/$rel"
# Last, for it says that all the rest is there.
echo "$rel" >"$kernel/release"
