#!/bin/bash
# SPDX-License-Identifier: MIT
# run-guest.sh check|clients|noiommu|weak|selftests|deb|demo|picture|bench|shell [NAME,...]:
# boot the guest and follow it.
#
# All but shell: what the guest sends through its virtio port is shown as it
# comes and kept in $OUT/guest.tap (OUT is build/check, build/demo or so), the
# console in $OUT/console.log. The exit status says whether the run was complete
# (check, clients, noiommu, weak, selftests, deb), or is that of what has run (demo,
# picture, bench).
# Environment:
#   BARLEASE_ACCEL=tcg|kvm   do not probe
#   BARLEASE_IDLE=SECONDS    a guest silent for so long has hung (60; four
#                            times that where all is slow)
#   BARLEASE_LIMIT=SECONDS   for the whole run (3600; four times that where all is
#                            slow; and BARLEASE_MINUTES)
#   BARLEASE_ROUNDS=N        how often a benchmark measures everything
#   BARLEASE_SEED=N          what mm-fuzz, hostile and queue-hostile begin with
#                            (the time)
#   BARLEASE_MINUTES=N       for how long hostile and broker-chaos go on (1), and
#                            queue-hostile (until it has done enough); with it,
#                            broker-restarts has a thousand restarts
#   KERNEL=DIR               another kernel than build/kernel
#   INITRAMFS=FILE           another initramfs
#   QEMU_EXTRA=ARGUMENTS     more for QEMU's command line
#   KERNEL_EXTRA=ARGUMENTS   and for the kernel's
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/qemu.sh"
. "$(dirname "$0")/show.sh"

mode=$1
tests=${2-}
out=${OUT:-$build/$mode}
idle=${BARLEASE_IDLE:-$(($(slowness) * 60))}
limit=${BARLEASE_LIMIT:-$(($(slowness) * 3600 + ${BARLEASE_MINUTES:-0} * 60))}
qemu_pid=

# For a guest that does not end by itself: it may be past listening to a kinder
# signal, and has nothing to save.
stop_qemu()
{
	[ -z "$qemu_pid" ] || kill -KILL "$qemu_pid" 2>/dev/null || qemu_pid=
	qemu_pid=
}

# What is still on the screen when the guest is gone says why.
last_words()
{
	printf '%s\n' "--- the end of $out/console.log:"
	tail -n "${1:-30}" "$out/console.log" | tr -d '\r'
	[ ! -s "$out/qemu.log" ] || cat "$out/qemu.log"
	printf '%s\n' '---'
}

# A guest that hangs is asked by its keyboard for the tasks that wait and for
# what its CPUs are at.
ask_hung_guest()
{
	printf '%s\n' 'sendkey alt-sysrq-w' 'sendkey alt-sysrq-l' >&7
	sleep 3
}

# Read the guest's port until QEMU is gone. Sets $end to how it went.
follow()
{
	local line status start=$SECONDS

	end='the guest went away before its run was complete'
	while :; do
		status=0
		IFS= read -r -t "$idle" line <&3 || status=$?
		if [ "$status" -gt 128 ]; then
			end="the guest has hung: not a word for $idle s"
			ask_hung_guest
			return
		elif [ "$status" -ne 0 ]; then
			wait "$qemu_pid" || end="QEMU failed ($?)"
			qemu_pid=
			return
		elif [ $((SECONDS - start)) -gt "$limit" ]; then
			end="the run takes more than $limit s"
			return
		fi
		case $line in
		'#@ alive') continue ;;
		'#@ complete') end='' ;;
		# The first failure of several programs is the whole run's
		'#@ status '*) [ "${ended:-0}" -ne 0 ] || ended=${line##* } ;;
		esac
		printf '%s\n' "$line" >>"$out/guest.tap"
		show_line "$line"
	done
}

boot()
{
	: >"$out/guest.tap"
	: >"$out/console.log"
	ended=
	exec 3< <(exec setpriv --pdeathsig KILL "${qemu[@]}" "${monitor[@]}" \
		-chardev file,id=tap,path=/dev/stdout \
		-chardev pipe,id=mon,path="$out/monitor" -mon chardev=mon \
		-serial "file:$out/console.log" \
		2>"$out/qemu.log" </dev/null 7>&- 9>&-)
	qemu_pid=$!
	follow
	stop_qemu
	exec 3<&-
}

# Did the machine die before its init said anything? That is the emulator's
# doing (see fetch-qemu.sh) and earns a second boot. A later death never does.
died_early()
{
	case $end in
	'' | 'QEMU failed'*) return 1 ;;
	esac
	! grep -q 'barlease: init' "$out/console.log"
}

followed()
{
	boot
	if died_early; then
		last_words 12
		say BOOT "again: the guest died before its init began"
		boot
	fi
	[ -n "$end" ] || return 0
	last_words
	printf '#@ died %s\n' "$end" >>"$out/guest.tap"
	printf '%s\n' "$end"
	return 1
}

mkdir -p "$out"
# check.sh has the lock of a check.
[ "$mode" = check ] || lock "$mode"
rm -f "$out"/monitor.*
mkfifo "$out/monitor.in" "$out/monitor.out"
exec 7<>"$out/monitor.in"
guest_monitor "$out"
trap stop_qemu EXIT
trap 'exit 130' INT TERM

choose_accel
tty=
exec 6>&1
[ ! -t 6 ] || tty=$(stty size <&6 | tr ' ' x)
qemu_command "$mode" ${tests:+"tests=$tests"} ${tty:+"tty=$tty"} \
	${TERM:+"term=$TERM"} ${BARLEASE_ROUNDS:+"rounds=$BARLEASE_ROUNDS"} \
	${BARLEASE_SEED:+"seed=$BARLEASE_SEED"} \
	${BARLEASE_MINUTES:+"minutes=$BARLEASE_MINUTES"}
say BOOT "Linux $(cat "$kernel/release") in QEMU ($accel), $mode"
case $mode in
shell) "${qemu[@]}" "${monitor[@]}" -chardev null,id=tap -serial mon:stdio ;;
check | clients | noiommu | weak | selftests | deb) followed ;;
demo | picture | bench) followed && exit "${ended:-1}" ;;
*) die "unknown mode: $mode" ;;
esac
