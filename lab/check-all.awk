# SPDX-License-Identifier: MIT
# From lab/all and the counts that its runs have left in the directory "results",
# a table, and below it what each has skipped. The exit status is 0 if every row
# has run and has no failures.

function cells(row,    part, line)
{
	while ((getline line < (results "/" row)) > 0)
		;
	if (line == "") {
		bad = 1
		return "not run | | | "
	}
	split(line, part, "\t")
	if (part[3] > 0 || part[2] == 0)
		bad = 1
	return part[2] " | " part[3] " | " part[4] " | " part[5]
}

# Reasons, with how many checks of which tests
function skips(row,    line, part, n, i, why, tests, times)
{
	while ((getline line < (results "/" row ".skipped")) > 0) {
		split(line, part, "\t")
		if (!(part[2] in times)) {
			why[++n] = part[2]
			tests[part[2]] = part[1]
		} else if (index(", " tests[part[2]] ", ", ", " part[1] ", ") == 0) {
			tests[part[2]] = tests[part[2]] ", " part[1]
		}
		times[part[2]]++
	}
	if (n)
		text = text "\n" row ":\n\n"
	for (i = 1; i <= n; i++)
		text = text "- " why[i] " (" times[why[i]] "; " tests[why[i]] ")\n"
}

BEGIN {
	FS = "|"
	print "| run | kernel | machine | pages | VFIO through | passed | failed | skipped | |"
	print "|---|---|---|---|---|---:|---:|---:|---|"
}

/^#/ { next }

{
	print "| " $1 " | " $3 " | " $4 " | " $5 " | " $6 " | " cells($1) " |"
	skips($1)
}

END {
	if (text)
		print "\nSkipped:\n" text
	exit bad
}
