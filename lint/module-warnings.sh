#!/bin/bash
# SPDX-License-Identifier: MIT
# The kernel modules with the compiler warnings that the kernel's own build has
# for the careful (W=1). That looks at kernel-doc comments too, but only those
# of C files; here is the rest.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/kbuild.sh"

# The ABI header describes fields under the name of a call, in the manner of
# <linux/vfio.h>, which is no kernel-doc.
kernel_doc()
{
	local text

	text=$(grep -E '^(module|accel)/.*\.h$' <<<"$sources" |
		xargs -d '\n' "$kdir/scripts/kernel-doc" -none 2>&1) || :
	[ -z "$text" ] || {
		echo "$text" >&2
		lint_fail kernel-doc
	}
}

need make gcc libc6-dev libelf-dev perl
kernel_doc
lint_modules module-warnings W=1
