#!/bin/bash
# SPDX-License-Identifier: MIT
# Settle which QEMU to use and leave build/qemu/run, a script that starts it:
# the one on the host when it is QEMU 10 or newer; else QEMU 10 from backports,
# unpacked under build/ with the libraries that the host lacks; else whatever
# the distribution has. QEMU 7.2 loses about one boot in fifty under TCG (the
# guest patches its own code while its other CPU runs it); 10 does not.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"

run=$build/qemu/run
root=$build/qemu/root

works()
{
	[ -x "$run" ] && "$run" --version >/dev/null 2>&1
}

# use PROGRAM [ARGUMENT...]: make it what build/qemu/run starts.
use()
{
	mkdir -p "$build/qemu"
	{
		echo '#!/bin/sh'
		[ "$1" = qemu-system-x86_64 ] ||
			printf 'export LD_LIBRARY_PATH="%s"\n' \
				"$root/usr/lib/x86_64-linux-gnu"
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
	qemu-system-x86_64 --version 2>/dev/null |
		awk 'NR == 1 { split($4, v, "."); print v[1] }'
}

# Against the host's dpkg status: what is installed there is not fetched.
backports()
{
	rm -rf "$build/qemu" "$apt_dir/archives"
	mkdir -p "$apt_dir/archives/partial"
	step FETCH "QEMU from $codename-backports" \
		apt-get install -y --download-only -t "$codename-backports" \
		qemu-system-x86 || return
	unpack "QEMU" "$apt_dir/archives" "$root" || return
	use "$root/usr/bin/qemu-system-x86_64" \
		-L "$root/usr/share/qemu" -L "$root/usr/share/seabios"
}

distribution()
{
	"$top/lab/packages.sh" qemu-system-x86
	use qemu-system-x86_64 || die "qemu-system-x86_64 does not start"
}

lock qemu
! works || exit 0

if [ "$(host_major)" -ge 10 ] 2>/dev/null; then
	use qemu-system-x86_64
	exit
fi

apt_private
major=$(apt-cache policy qemu-system-x86 |
	awk '/Candidate:/ { sub(/^[0-9]+:/, "", $2); print $2 + 0 }')
if [ "${major%%.*}" -ge 10 ]; then
	distribution
elif ! backports; then
	say NOTE "no newer QEMU to be had: using this distribution's"
	distribution
fi
