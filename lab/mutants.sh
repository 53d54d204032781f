#!/bin/bash
# SPDX-License-Identifier: MIT
# mutants.sh [NAME...]: break the driver on purpose, in each of the ways of
# tests/mutants/, and see that the tests named there notice. Ends with 1 when
# one does not. Some can be told from a sound driver on one kernel only, which
# their header names.
set -eu
. "$(dirname "$0")/lib.sh"

# What a patch says in its header, after "# WORD: ".
header()
{
	sed -n "s/^# $1: //p" "$2"
}

# A driver with the patch in it, as one more archive on top of the guest's own.
build_mutant()
{
	local dir=$1 patch=$2 rel module

	rel=$(cat "$kernel/release")
	module=$dir/root/lib/modules/$rel/extra
	rm -rf "$dir"
	mkdir -p "$dir" "$module"
	cp -r "$top/module" "$dir/module"
	patch --quiet -p1 -d "$dir" <"$patch"
	"$top/lab/kbuild.sh" "$kernel/headers" "$dir/module" \
		CONFIG_DEBUG_INFO_BTF_MODULES=
	cp "$dir/module/barlease-vfio-pci.ko" "$module/"
	(cd "$dir/root" && find . -mindepth 1 -printf '%P\0' |
		cpio --null -o -H newc -R 0:0 --quiet) >"$dir/own.cpio"
	cat "$guest/initramfs" "$dir/own.cpio" >"$dir/initramfs"
	rm -rf "$dir/own.cpio" "$dir/root"
}

# Red is what is wanted: a failed check, or a guest that does not survive it.
noticed()
{
	local dir=$1 tests=$2 status=0

	OUT=$dir INITRAMFS=$dir/initramfs \
		"$top/lab/run-guest.sh" check "$tests" >"$dir/log" || status=$?
	grep -q 'barlease: init' "$dir/console.log" ||
		die "the guest died before its init, and says nothing of" \
			"${dir##*/}: see $dir/console.log"
	[ "$status" -ne 0 ] || grep -q '^not ok' "$dir/guest.tap"
}

try()
{
	local name=$1 patch=$top/tests/mutants/$1.patch dir=$build/mutants/$1
	local tests

	[ -e "$patch" ] || die "there is no mutant $name" \
		"tests/mutants/ has: $(cd "$top/tests/mutants" && echo ./*.patch)"
	tests=$(header Tests "$patch")
	step MUTANT "$name" build_mutant "$dir" "$patch"
	if noticed "$dir" "$tests"; then
		say RED "$name: $(grep -m 1 -E '^(not ok|#@ died)' \
			"$dir/guest.tap")"
		rm -f "$dir/initramfs"
		return
	fi
	say GREEN "$name: no check of $tests has noticed"
	missed+=("$name")
}

# Is the kernel one on which the tests can notice?
fits()
{
	local wanted

	wanted=$(header Kernel "$1")
	[ -z "$wanted" ] || [[ $(cat "$kernel/release") = "$wanted".* ]]
}

missed=()
if [ $# -eq 0 ]; then
	for patch in "$top"/tests/mutants/*.patch; do
		name=${patch##*/}
		if fits "$patch"; then
			set -- "$@" "${name%.patch}"
		else
			say SKIP "${name%.patch}: needs Linux $(header Kernel "$patch")"
		fi
	done
fi
for name; do
	try "$name"
done
[ ${#missed[@]} -eq 0 ] || die "not noticed: ${missed[*]}"
say MUTANTS "$# of $# were noticed"
