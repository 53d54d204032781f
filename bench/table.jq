# SPDX-License-Identifier: MIT
# The rows of the table, for table.awk: id, what, unit, name and value of one,
# name and value of the other, ratio with its quartiles, wanted, verdict
def number: if . == null then "" else tostring end;
def wanted:
	if .least == null and .most == null then ""
	elif .least == .most then "= \(.least)"
	elif .least == null then "≤ \(.most)"
	elif .most == null then "≥ \(.least)"
	else "\(.least) … \(.most)" end;
def verdict: if . == null then "" elif . then "yes" else "**no**" end;
# P3, P3b, P10
def order: .id | capture("P(?<n>[0-9]+)(?<letter>.?)") |
	(.n | tonumber) * 1000 + (.letter | explode | add // 0);

[
	(.figures[] | [.id, .what, .unit, .names[0], (.lease.median | number),
		.names[1], (.against.median | number),
		(.ratio.median | number), (.ratio.low | number),
		(.ratio.high | number), wanted, (.met | verdict),
		(if .inverse then "inverse" else "" end), order]),
	(.truths[] | [.id, .what, "", "", .found, "", "", "", "", "", "",
		(.met | verdict), "", order]),
	(.facts[] | [.id, .what, .unit, "", (.value | number), "", "", "", "",
		"", "", "", "", order])
] | sort_by(.[-1])[] | @tsv
