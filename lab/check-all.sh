#!/bin/bash
# SPDX-License-Identifier: MIT
# check-all.sh [NAME...]: all of lab/all, or these. Each run's output is kept in
# build/all/NAME.log. It closes with a table of everything that has been run, now
# or before, as build/all/table.md, and what was skipped, and why. The exit status
# is 0 if all of it has run by now and nothing has failed.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

out=$build/all
results=$build/results

rows()
{
	grep -v '^#' "$top/lab/all"
}

# What is there to be run, and nothing else
check_names()
{
	local name

	for name; do
		rows | cut -d '|' -f 1 | grep -qxF -e "$name" ||
			die "there is no $name in lab/all" \
			    "it has: $(rows | cut -d '|' -f 1 | paste -sd ' ')"
	done
}

# A run that comes to nothing must not be taken for the one before.
run()
{
	local name=$1 targets=$2 start=$SECONDS status=0

	say CHECK "$name: make $targets"
	rm -f "$results/$name" "$results/$name.skipped"
	# shellcheck disable=SC2086	# a list of words
	make_anew $targets >"$out/$name.log" 2>&1 </dev/null || status=$?
	[ -e "$results/$name" ] || printf '%s\t0\t1\t0\n' "$name" >"$results/$name"
	say DONE "$name in $(((SECONDS - start) / 60)) min: $(tail -n 1 "$out/$name.log")"
	[ "$status" -eq 0 ] || say FAIL "see $out/$name.log"
}

check_names "$@"
lock all
mkdir -p "$out" "$results"
while IFS='|' read -r name targets _; do
	[ $# -eq 0 ] || [[ " $* " = *" $name "* ]] || continue
	run "$name" "$targets"
done < <(rows)
status=0
awk -v results="$results" -f "$top/lab/check-all.awk" "$top/lab/all" \
	>"$out/table.md" || status=$?
echo
cat "$out/table.md"
exit "$status"
