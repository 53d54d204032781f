#!/bin/bash
# SPDX-License-Identifier: MIT
# model.sh: check model/leases.pml and model/queues.pml with Spin, exhaustively: that
# what is promised there holds whoever takes part, that every revoke returns, and that
# each mistake leads to a counter-example. Prints TAP, with the number of states; what Spin has
# to say of a failure is in build/model/NUMBER/.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

out=$build/model
model=leases
nr=0

# What Spin's program found: NR "errors: N", and how many states
states()
{
	sed -nE 's/^ *([0-9.e+]+) states, stored.*/\1/p' "$1" | head -n 1
}

errors()
{
	sed -nE 's/.*errors: ([0-9]+)$/\1/p' "$1"
}

# A search that ran out of room is none.
complete()
{
	! grep -qE 'max search depth too small|out of memory|hash table full' "$1"
}

# search KIND PROCESSES [MISTAKE]: KIND is safety, or returns, with weak fairness.
search()
{
	local kind=$1 processes=$2 mistake=${3-} word defines=() build=() run=()

	nr=$((nr + 1))
	dir=$out/$nr
	mkdir -p "$dir"
	for word in $processes; do
		defines+=("-DRUN_$word")
	done
	[ -z "$mistake" ] || defines+=("-DWRONG_$mistake")
	case $kind in
	safety) build=(-DSAFETY -DNOCLAIM) ;;
	returns) build=(-DNFAIR=4) run=(-a -f -N returns) ;;
	esac
	(
		cd "$dir"
		spin -a "${defines[@]}" "$top/model/$model.pml" >spin.log
		gcc -O1 -w -DCOLLAPSE "${build[@]}" -o pan pan.c
		./pan -m2000000 -w22 "${run[@]}"
	) >"$dir/log" 2>&1
}

verdict()
{
	local good=$1 what=$2 not=

	$good || not='not '
	printf '%sok %d - %s\n' "$not" "$nr" "$what"
	! $good || rm -rf "$dir"
}

holds()
{
	local good=false

	search "$@"
	if [ "$(errors "$dir/log")" = 0 ] && complete "$dir/log"; then
		good=true
	fi
	verdict $good "$1: ${2:-$model}: $(states "$dir/log") states"
}

# A mistake, and who has to take part for it to show
shows()
{
	local good=false

	search "$2" "$3" "$1"
	[ "$(errors "$dir/log")" != 1 ] || good=true
	verdict $good "$1 has a counter-example"
}

"$top/lab/packages.sh" spin gcc libc6-dev
lock model
rm -rf "$out"

holds safety 'FAULT FAULT2 REVOKE REVOKE2'
holds safety 'FAULT REVOKE OWNER_RESET'
holds safety 'FAULT REVOKE OWNER_RESET ADMIN_RESET'
holds safety 'FAULT REVOKE HOT_RESET ADMIN_RESET'
holds safety 'FAULT FAULT2 HOT_RESET DECODE'
holds safety 'FAULT REVOKE DECODE FORK'
holds safety 'FAULT FAULT_OF_NEXT REVOKE EXPORT'
holds safety 'FAULT BAR_READ MMAP DECODE REVOKE'
holds safety 'FAULT FORK REVOKE CLOSE'
holds safety 'FAULT FAULT2 CLOSE ADMIN_RESET'
holds safety 'IMPORTER REVOKE REVOKE2'
holds safety 'IMPORTER REVOKE OWNER_RESET'
holds safety 'IMPORTER FAULT REVOKE DECODE'
holds safety 'IMPORTER ADMIN_RESET CLOSE'
holds safety 'FAULT FAULT2 PAUSE REVOKE'
holds safety 'FAULT PAUSE PAUSE2 REVOKE'
holds safety 'FAULT PAUSE OWNER_RESET'
holds safety 'FAULT PAUSE FORK REVOKE'
holds safety 'FAULT FAULT_OF_NEXT PAUSE REVOKE EXPORT'
holds safety 'FAULT PAUSE NO_RESUME REVOKE'
holds safety 'FAULT PAUSE NO_RESUME CLOSE'
holds safety 'IMPORTER PAUSE REVOKE'
holds returns 'FAULT FAULT2 REVOKE REVOKE2'
holds returns 'FAULT PAUSE REVOKE'
holds returns 'FAULT REVOKE OWNER_RESET'
holds returns 'FAULT REVOKE ADMIN_RESET'
holds returns 'IMPORTER REVOKE OWNER_RESET'

shows NO_WAIT_FOR_THE_GATE safety 'FAULT REVOKE'
shows ZAP_BEFORE_THE_GATE safety 'FAULT REVOKE'
shows NO_LOOK_AT_THE_GATE safety 'FAULT REVOKE'
shows NO_WORD_FROM_THE_GATE returns 'FAULT REVOKE'
shows FREE_BEFORE_THE_ZAP safety 'FAULT FAULT_OF_NEXT REVOKE EXPORT'
shows NO_GRACE_BEFORE_RESET safety 'FAULT ADMIN_RESET'
shows NO_GRACE_AT_CLOSE safety 'FAULT CLOSE'
shows QUEUE_NOT_DRAINED safety 'FAULT HOT_RESET DECODE'
shows LOCK_IN_MMAP safety 'BAR_READ MMAP DECODE'
shows LOOK_BEFORE_COUNTING safety 'IMPORTER REVOKE'
shows PAUSE_PAST_FAULTS safety 'FAULT PAUSE'
shows PAUSE_OUTSIDE_THE_GATE safety 'FAULT_OF_NEXT PAUSE REVOKE EXPORT'
shows NO_WORD_AT_THE_END safety 'FAULT PAUSE NO_RESUME REVOKE'
shows CHILD_FIRST safety 'FAULT REVOKE FORK'

model=queues
holds safety ''
shows NO_RESET safety ''
shows RESET_ONCE safety ''
shows NO_SUSPENSION safety ''
shows MEMORY_FIRST safety ''
shows ANSWER_BEFORE_THE_END safety ''

echo "1..$nr"
echo '#@ complete'
