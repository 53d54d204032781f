# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What every lab script shares: where things are, and how to say things.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$top/build
# The guest's machine. What is built for another than amd64, or is fetched for
# it, has a name of its own.
arch=${ARCH:-amd64}
pages=${PAGES:-4k}
# Its programs may be for another one, if the kernel runs them.
userland=${USERLAND:-$arch}
foreign=
[ "$userland" = amd64 ] || foreign=-$userland
# The guest's kernel; another directory of the same layout may stand in. What is
# made for that one has names of its own, the same ones as in the Makefile.
kernel=${KERNEL:-$build/kernel}
flavour=
if [ "$kernel" != "$build/kernel" ]; then
	flavour=${kernel##*/}
	flavour=-${flavour#kernel-}
fi
guest=$build/guest$flavour
[ "$userland" = "$arch" ] || guest=$guest-with-$userland
mkdir -p "$build"

# One line a step, in the manner of kbuild: "  FETCH   what".
say()
{
	printf '  %-7s %s\n' "$1" "$2"
}

die()
{
	printf 'barlease: %s\n' "$1" >&2
	shift
	[ $# -eq 0 ] || printf '          %s\n' "$@" >&2
	exit 1
}

# step VERB WHAT COMMAND...: say it, run it quietly, show its output only when
# it fails. On a terminal the line counts the seconds while the command runs.
step()
{
	local verb=$1 what=$2 log start pid
	shift 2

	log=$(mktemp "$build/step.XXXXXX")
	if [ ! -t 1 ]; then
		say "$verb" "$what"
	fi
	start=$SECONDS
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	while [ -t 1 ] && kill -0 "$pid" 2>/dev/null; do
		printf '\r  %-7s %s ... %d s ' "$verb" "$what" $((SECONDS - start))
		sleep 0.2
	done
	[ ! -t 1 ] || printf '\r\033[K  %-7s %s\n' "$verb" "$what"
	if ! wait "$pid"; then
		cat "$log" >&2
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
}

# Two makes at once share build/: whoever comes second waits here. The lock
# goes with the script (descriptor 9); long-lived children must close it.
lock()
{
	exec 9>"$build/.$1.lock"
	if ! flock -n 9; then
		say WAIT "another make holds build/.$1.lock"
		flock 9
	fi
}

# make_anew ARGUMENT...: make, of the kernel and machine that these say, whatever the
# make is of that has called
make_anew()
{
	env -u KERNEL -u ARCH -u PAGES -u USERLAND -u MAKEFLAGS -u MAKEOVERRIDES \
		-u MAKELEVEL make -C "$top" --no-print-directory "$@"
}

# kernel_has OPTION
kernel_has()
{
	grep -qs "^CONFIG_$1=y" "$kernel/headers/include/config/auto.conf"
}

# How much longer than on Debian's kernel of 6.12, on this machine, things take.
# Another machine than this is emulated to the last instruction, and waits longer for
# its devices; the kernel's own checkers look at every access to memory.
slowness()
{
	if [ -n "$foreign" ] || kernel_has KASAN || kernel_has KCSAN; then
		echo 4
	else
		echo 1
	fi
}

# Run as root what only root may do.
as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root and there is no sudo" \
		    "as root, run: $*"
	fi
}

# What others call that machine
# shellcheck disable=SC2034	# for whoever sources this
case $arch in
amd64)
	kernel_arch=x86_64
	emulator=x86_64
	qemu_dir=$build/qemu
	;;
arm64)
	kernel_arch=arm64
	emulator=aarch64
	qemu_dir=$build/qemu-arm64
	cross=aarch64-linux-gnu
	;;
i386)
	kernel_arch=i386
	emulator=x86_64
	qemu_dir=$build/qemu
	;;
*) die "the lab knows no machine \"$arch\"" ;;
esac
