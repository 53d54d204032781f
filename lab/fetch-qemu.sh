#!/bin/bash
# SPDX-License-Identifier: MIT
# Settle which QEMU to use and leave build/qemu/run, a script that starts it, for
# another machine build/qemu-ARCH/run: the one on the host when it is QEMU 11 or newer; else the one of trixie's
# backports, unpacked under build/ with every library that it needs; else
# whatever the distribution has. Under TCG, with two CPUs, QEMU 7.2 loses about
# one boot in fifty (the guest patches its own code while its other CPU runs
# it), and 10 aborts when one CPU is at a device while the other changes the
# memory map; 11 does neither.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"

run=$qemu_dir/run
root=$qemu_dir/root
package=qemu-system-x86
[ "$emulator" = x86_64 ] || package=qemu-system-arm
program=qemu-system-$emulator

works()
{
	[ -x "$run" ] && "$run" --version >/dev/null 2>&1
}

# use PROGRAM [ARGUMENT...]: make it what "run" starts.
use()
{
	mkdir -p "$qemu_dir"
	{
		echo '#!/bin/sh'
		printf 'exec'
		printf ' "%s"' "$@"
		echo ' "$@"'
	} >"$run.new"
	chmod +x "$run.new"
	mv "$run.new" "$run"
	works
}

host_major()
{
	"$program" --version 2>/dev/null |
		awk 'NR == 1 { split($4, v, "."); print v[1] }'
}

# In a shell of its own, for the private apt to be gone when it fails.
backports()
(
	apt_foreign trixie
	rm -rf "$qemu_dir" "$apt_dir/archives"
	mkdir -p "$apt_dir/archives/partial"
	step FETCH "QEMU from trixie-backports" \
		apt-get install -y --download-only -t trixie-backports \
		"$package" || exit
	unpack "QEMU" "$apt_dir/archives" "$root" || exit
	# By its own loader: its C library is not the host's.
	use "$root/usr/lib64/ld-linux-x86-64.so.2" \
		--library-path "$root/usr/lib/x86_64-linux-gnu" \
		"$root/usr/bin/$program" \
		-L "$root/usr/share/qemu" -L "$root/usr/share/seabios"
)

distribution()
{
	"$top/lab/packages.sh" "$package"
	use "$program" || die "$program does not start"
}

lock qemu
! works || exit 0

if [ "$(host_major)" -ge 11 ] 2>/dev/null; then
	use "$program"
elif ! backports; then
	say NOTE "no newer QEMU to be had: using this distribution's"
	distribution
fi
