#!/bin/bash
# SPDX-License-Identifier: MIT
# mutants.sh [-d DIR] [NAME...]: break the driver on purpose, in each of the ways of
# tests/mutants/, or of another DIR there, and see that the tests named there notice,
# and the kernel, where the header says in what words. Ends with 1 when one does not.
# Some can be told from a sound driver on one kernel only, which their header names.
set -eu
. "$(dirname "$0")/lib.sh"

patches=mutants
if [ "${1-}" = -d ]; then
	patches=$2
	shift 2
fi
patches=$top/tests/$patches

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

# Red is what is wanted: a failed check, or a guest that does not survive it; and
# that the kernel says what has been wrong, if there is a REPORT.
noticed()
{
	local dir=$1 tests=$2 report=$3 status=0

	OUT=$dir INITRAMFS=$dir/initramfs \
		"$top/lab/run-guest.sh" check "$tests" >"$dir/log" || status=$?
	grep -q 'barlease: init' "$dir/console.log" ||
		die "the guest died before its init, and says nothing of" \
			"${dir##*/}: see $dir/console.log"
	[ "$status" -ne 0 ] || grep -q '^not ok' "$dir/guest.tap" || return
	[ -z "$report" ] || cat "$dir"/{console.log,guest.tap} | grep -q "$report"
}

try()
{
	local name=$1 patch=$patches/$1.patch dir=$build/mutants$flavour/$1
	local tests report

	[ -e "$patch" ] || die "there is no mutant $name" \
		"$patches has: $(cd "$patches" && echo ./*.patch)"
	tests=$(header Tests "$patch")
	report=$(header Report "$patch")
	step MUTANT "$name" build_mutant "$dir" "$patch"
	if noticed "$dir" "$tests" "$report"; then
		say RED "$name: $(grep -m 1 -E '^(not ok|#@ died)' \
			"$dir/guest.tap")"
		rm -f "$dir/initramfs"
		return
	fi
	say GREEN "$name: no check of $tests has noticed${report:+, or not as \"$report\"}"
	missed+=("$name")
}

# Is the kernel one on which the tests can notice? A version, or what the lab calls it
fits()
{
	local wanted

	wanted=$(header Kernel "$1")
	[ -z "$wanted" ] || [[ $(cat "$kernel/release") = "$wanted".* ]] ||
		[[ $flavour = *-"$wanted" ]]
}

missed=()
if [ $# -eq 0 ]; then
	for patch in "$patches"/*.patch; do
		name=${patch##*/}
		if fits "$patch"; then
			set -- "$@" "${name%.patch}"
		else
			say SKIP "${name%.patch}: needs kernel $(header Kernel "$patch")"
		fi
	done
fi
for name; do
	try "$name"
done
[ ${#missed[@]} -eq 0 ] || die "not noticed: ${missed[*]}"
say MUTANTS "$# of $# were noticed"
