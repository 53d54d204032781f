# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The kernel modules, built for a linter's sake in a tree of links of its own.
# Source after lib.sh.

kdir=$(readlink -f "${KDIR:-$kernel/headers}")
module_dirs='module tests/module accel'
sources=$(files 'include/*' 'module/*' 'tests/module/*' 'accel/*')

make_modules()
{
	local tree=$1 dir
	shift

	# BTF is of no interest here, and pahole need not be there.
	for dir in $module_dirs; do
		"$top/lab/link-tree.sh" "$dir" "$tree/$dir"
		make -C "$kdir" M="$tree/$dir" ARCH="$kernel_arch" \
			BARLEASE_UAPI="$top/include/uapi" \
			CONFIG_DEBUG_INFO_BTF_MODULES= "$@" modules || return
	done
}

# kbuild NAME ARGUMENT...: fail with all that there is to say of our own files.
# What the kernel's headers bring with them is dropped, and counted in $noise:
# their paths begin with "/" or ".", ours are made relative to the repository.
kbuild()
{
	local tree=$lint/$1 log=$lint/$1.log rc=0
	local at='[^ :]+:([0-9]+:)+ '
	shift

	LC_ALL=C make_modules "$tree" "$@" >"$log" 2>&1 || rc=1
	sed -i -e "s|$tree/||g" -e "s|$top/include/|include/|g" "$log"
	noise=$(grep -cE "^[/.]$at(warning|error)" "$log") || :
	if [ $rc -eq 0 ] &&
	   ! grep -qE "^[^/.]$at|^(WARNING|ERROR): |: (WARNING|ERROR)" "$log"; then
		return 0
	fi
	grep -vE "^[/.]${at}warning|^make|^  [A-Z]+ " "$log" >&2 || :
	# What is up to date would not be complained about again.
	rm -rf "$tree"
	return 1
}

# lint_modules NAME ARGUMENT...
lint_modules()
{
	local what key

	[ -e "$kdir/Makefile" ] || die "no kernel headers in $kdir"
	what="$(grep '\.[ch]$' <<<"$sources" | count)"
	key=$(fingerprint "$kdir" "$@" <<<"$sources")
	if unchanged "$1" "$key"; then
		lint_say "$1" "$what, unchanged"
		return
	fi
	kbuild "$@" || lint_fail "$1"
	passed "$1" "$key"
	lint_say "$1" "$what ($noise warnings of kernel headers dropped)"
}
