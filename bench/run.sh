#!/bin/bash
# SPDX-License-Identifier: MIT
# run.sh [NAME,...]: run the benchmarks, or these, in the guest. Prints a table
# of what was found and what is wanted, and leaves
#   build/bench.json        every number
#   build/bench/table.md    the table
#   build/bench/*.svg       plots
# A figure that is not as wanted is no failure: a benchmark is not a test.
#   BARLEASE_ROUNDS=N       how often everything is measured
set -euo pipefail
. "$(dirname "$0")/../lab/lib.sh"

out=$build/bench
here=$top/bench

# The line of run-guest.sh that says what it boots names the accelerator.
accel=unknown
note_accel()
{
	local line

	while IFS= read -r line; do
		printf '%s\n' "$line"
		[[ $line != *BOOT*' in QEMU ('* ]] || {
			accel=${line##*' in QEMU ('}
			echo "${accel%%)*}" >"$out/accel"
		}
	done
}

collect()
{
	grep '^{' "$out/guest.tap" |
		jq -s --arg kernel "$(cat "$kernel/release")" \
		--arg qemu "$("$qemu_dir/run" --version | head -n 1)" \
		--arg accel "$(cat "$out/accel")" \
		-f "$here/collect.jq" >"$build/bench.json.new"
	mv "$build/bench.json.new" "$build/bench.json"
}

table()
{
	jq -r -f "$here/table.jq" "$build/bench.json" |
		awk -f "$here/table.awk" >"$out/table.md"
	echo
	cat "$out/table.md"
}

# A plot for each script, where there is something to plot. gnuplot's file
# begins with a declaration that XML does not need; ours with the licence.
plots()
{
	local script name data

	for script in "$here"/plots/*.gp; do
		name=$(basename "$script" .gp)
		data=$out/$name.dat
		jq -r --arg plot "$name" -f "$here/plots/data.jq" \
			"$build/bench.json" >"$data"
		[ -s "$data" ] || continue
		gnuplot -e "data='$data'" "$here/plots/common.gnuplot" "$script" |
			sed '1s|.*|<!-- SPDX-License-Identifier: MIT -->|' \
			>"$out/$name.svg"
	done
}

mkdir -p "$out"
rm -f "$out"/*.svg "$out"/*.dat "$out"/table.md
"$top/lab/run-guest.sh" bench "${1-}" | note_accel
collect
table
plots
printf '\n%s\n' "All numbers: build/bench.json. Plots: build/bench/*.svg"
