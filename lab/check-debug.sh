#!/bin/bash
# SPDX-License-Identifier: MIT
# check-debug.sh [KERNEL,...] [TEST,...]: the guest's tests on kernels of our own that
# have the kernel's checkers on: 6.12-debug and 7.3-debug every one that goes with the
# others, 6.12-kcsan the one for data races. And the bugs that tests/planted/ has for
# each of these checkers, which must be found. Closes with a few lines a kernel: what
# was on, what was run, what was reported.
set -eu
. "$(dirname "$0")/lib.sh"

names=${1:-6.12-debug,7.3-debug,6.12-kcsan}
tests=${2-}

# What of these the kernel has
checkers=(PROVE_LOCKING DEBUG_ATOMIC_SLEEP KASAN KASAN_VMALLOC SLUB_RCU_DEBUG KCSAN
	  DEBUG_KMEMLEAK UBSAN DEBUG_VM PAGE_TABLE_CHECK DEBUG_LIST DEBUG_SG
	  DEBUG_OBJECTS DMA_API_DEBUG DMABUF_DEBUG DETECT_HUNG_TASK WQ_WATCHDOG)

on()
{
	local checker

	for checker in "${checkers[@]}"; do
		! kernel_has "$checker" || echo "$checker"
	done
}

# The reports of a run, which failed the tests that they came in
reports()
{
	cat "$build/check-$1"/*/guest.tap | grep -c 'kernel log: '
}

# Races in what is not this driver's: FUNCTION / FUNCTION, how often
races_elsewhere()
{
	tr -d '\r' <"$build/check-$1/check/console.log" |
		sed -n 's/.*BUG: KCSAN: data-race in //p' |
		grep -v 'barlease\|edu_accel' | sort | uniq -c | sort -rn
}

# planted NAME: how many of those that this kernel can find were found
planted()
{
	KERNEL=$kernel "$top/lab/mutants.sh" -d planted >"$build/results/$1.planted" 2>&1 ||
		status=1
	cat "$build/results/$1.planted"
}

summary()
{
	local passed failed skipped

	IFS=$'\t' read -r _ passed failed skipped _ <"$build/results/$1"
	echo "$1, Linux $(cat "$kernel/release")"
	on | paste -sd ' ' | fmt -w 72 | sed 's/^/    /'
	echo "    $passed passed, $failed failed, $skipped skipped;" \
	     "reports of the kernel: $(reports "$1" || echo none)"
	[ -z "$tests" ] || return 0
	echo "    planted bugs: $(tail -n 1 "$build/results/$1.planted")"
	! kernel_has KCSAN || races_elsewhere "$1" | sed 's/^/    elsewhere: /'
}

run()
{
	kernel=$build/kernel-$1
	flavour=-$1
	"$top/lab/configs.sh" "$1" "$tests" || status=1
	[ -n "$tests" ] || planted "$1"
	summary "$1" >"$build/results/$1.summary"
}

status=0
IFS=, read -r -a list <<<"$names"
for name in "${list[@]}"; do
	run "$name"
done
for name in "${list[@]}"; do
	cat "$build/results/$name.summary"
done
exit "$status"
