#!/bin/bash
# SPDX-License-Identifier: MIT
# Put the plots of the last "make bench" into docs/img, and its table between
# the marks in docs/performance.md.
set -eu
. "$(dirname "$0")/../lab/lib.sh"

out=$build/bench
doc=$top/docs/performance.md

[ -s "$out/table.md" ] || die "there is no table to publish" "run: make bench"
jq -e '[(.figures + .truths)[].id] | unique | length == 17' "$build/bench.json" >/dev/null ||
	die "the last run was not of all benchmarks" "run: make bench"
for plot in "$out"/*.svg; do
	cp "$plot" "$top/docs/img/bench-${plot##*/}"
done
awk -v table="$out/table.md" '
/<!-- table -->/ {
	print
	while ((getline row < table) > 0)
		print row
	skipping = 1
}
/<!-- end of table -->/ { skipping = 0 }
!skipping { print }
skipping && /<!-- table -->/ { next }' "$doc" >"$doc.new"
mv "$doc.new" "$doc"
say PUBLISH "docs/performance.md, docs/img/bench-*.svg"
