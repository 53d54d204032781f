#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch trace-cmd for the guest: Debian 13's, with what it needs down to the C library.
# It is unpacked, not installed:
#   build/trace-cmd/root            a file system that has it as /trace-cmd, and a script
#                                   that runs it where it is, in the guest's own root
#   build/trace-cmd/trace-cmd.cpio  the same, to go behind the guest's initramfs
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/root.sh"

cpio=$build/trace-cmd/trace-cmd.cpio
root=$build/trace-cmd/root/trace-cmd

# What nobody here runs or reads
prune()
{
	rm -rf "${root:?}"/{etc,var,usr/share,usr/include,usr/lib/dpkg,usr/lib/apt}
	rm -rf "$root"/usr/lib/x86_64-linux-gnu/{perl*,gconv,ossl-modules}
	find "$root/usr/bin" -type f ! -name trace-cmd -delete
}

installed()
{
	mkdir -p "$build/trace-cmd/root/bin"
	cat >"$build/trace-cmd/root/bin/trace-cmd" <<-'END'
	#!/bin/sh
	exec /trace-cmd/usr/lib64/ld-linux-x86-64.so.2 \
		--library-path /trace-cmd/usr/lib/x86_64-linux-gnu \
		/trace-cmd/usr/bin/trace-cmd "$@"
	END
	chmod 755 "$build/trace-cmd/root/bin/trace-cmd"
}

lock trace-cmd
[ ! -e "$cpio" ] || exit 0

apt_foreign trixie
rm -rf "$build/trace-cmd"
root_fetch "trace-cmd from trixie" root_download trace-cmd
unpack trace-cmd "$apt_dir/archives" "$root"
prune
installed
step PACK trace-cmd root_pack "$build/trace-cmd/root" "$cpio"
