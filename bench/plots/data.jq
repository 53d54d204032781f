# SPDX-License-Identifier: MIT
# The data of one plot, as gnuplot has it: blocks with two blank lines between
# them, each with its name in the first line

# Curves of points: x, median, quartiles
def curves(id):
	[.points[] | select(.id == id)] | group_by(.curve)[] |
	"\"\(.[0].curve)\"",
	(sort_by(.x)[] | "\(.x) \(.y.median) \(.y.low) \(.y.high)"),
	"", "";

# Pairs of bars, a row for each
def bars:
	.[] | "\"\(.label)\" \(.lease.median) \(.against.median)";

if $plot == "look-up" then curves("P4")
elif $plot == "revoke-among-others" then curves("P5")
elif $plot == "revoke-from-processes" then curves("P6")
elif $plot == "export" then curves("P10")
elif $plot == "first-touch" then
	[.figures[] | select(.unit == "faults" and .id != "P3b") |
		.label = (.what | rtrimstr(", page faults") |
			gsub(" (?<w>[a-z-]+)$"; "\\n\(.w)"))] |
	bars
elif $plot == "broker" then
	[.figures[] | select(.id == "P9") |
		.label = (.what | split("; ")[1])] |
	bars
else empty end
