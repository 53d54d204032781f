#!/bin/bash
# SPDX-License-Identifier: MIT
# kbuild.sh HEADERS DIR [ARGUMENT...]: build the kernel module in DIR. Where a
# kernel came with a compiler, in a directory "root" beside its headers, that
# one is used: in a mount namespace, where this tree is in that root as well,
# by the same name, and which is gone when the compiler is done.
set -eu
. "$(dirname "$0")/lib.sh"

headers=$1
dir=$2
shift 2
root=${headers%/headers}/root

# As somebody else than root it takes a user namespace, too.
in_root()
{
	local as=()

	[ "$(id -u)" -eq 0 ] || as=(--map-root-user)
	mkdir -p "$root$top"
	# shellcheck disable=SC2016	# the inner shell expands these
	unshare --mount "${as[@]}" sh -euc '
		for dir in /dev /proc /tmp "$1"; do
			mount --rbind "$dir" "$0$dir"
		done
		shift
		exec chroot "$0" "$@"' "$root" "$top" "$@"
}

build=()
[ ! -x "$root/usr/bin/make" ] || build=(in_root)
# Without pahole there is no BTF for a module, and none is needed.
command -v pahole >/dev/null || set -- CONFIG_DEBUG_INFO_BTF_MODULES= "$@"
# What "hostile" counts; the kernel itself is left out (CONFIG_KCOV_INSTRUMENT_ALL).
case ${dir##*/} in
module*) ! kernel_has KCOV || set -- KCOV_INSTRUMENT=y "$@" ;;
esac
[ -z "${cross-}" ] || set -- CROSS_COMPILE="$cross-" "$@"
"${build[@]}" "${MAKE:-make}" --no-print-directory -C "$headers" M="$dir" \
	ARCH="$kernel_arch" BARLEASE_UAPI="$top/include/uapi" "$@" modules
