# SPDX-License-Identifier: MIT
# The kernel's selftests of VFIO, side by side: from the stream of a run of
# lab/selftests.sh a table of programs and ways to the IOMMU, for the stock driver
# and for this one. A line is worse where a case that passed with stock does not
# pass here, or one that was skipped fails; so is whatever the runner has to say
# of a program here (it died, it hung, the kernel complained). The exit status is
# 0 when no line is worse and the run came to its end. The sums go to the file
# named by the variable "results".

BEGIN {
	modes = "vfio_type1v2_iommu|vfio_type1_iommu|" \
		"iommufd_compat_type1v2|iommufd_compat_type1|iommufd"
}

# Of a case, of the program's own name, or what it uses by default
function mode_of(name)
{
	if (match(name, modes))
		return substr(name, RSTART, RLENGTH)
	return mode != "" ? mode : "iommufd"
}

function row_of(device, program, mode,    row)
{
	row = sprintf("%-6s  %-30s  %-22s", device, program, mode)
	if (!(row in known)) {
		known[row] = 1
		rows[++n_rows] = row
	}
	return row
}

# One result of a driver
function count(row, name, verdict)
{
	sum[driver, row, verdict]++
	total[driver, verdict]++
	result[driver, row, name] = verdict
	if (driver == "stock")
		where[row, name] = 1
}

function worse(row, what)
{
	worst[row] = 1
	list[++n_worse] = what
}

function verdict_of(line)
{
	if (line ~ /# *SKIP/)
		return "skipped"
	return line ~ /^ok/ ? "passed" : "failed"
}

/^#@ begin / {
	split($4, part, ":")
	driver = part[1]
	device = part[2]
	program = part[3]
	mode = part[4]
	if (program == "") {
		# whatever runs after them
		program = driver
		driver = "barlease"
		device = "-"
		mode = "-"
	}
}
/^#@ complete/ { complete = 1 }
/^#@ died / { died = substr($0, 9) }

/^(not )?ok [0-9]+ / {
	name = $0
	sub(/^(not )?ok [0-9]+ (- )?/, "", name)
	sub(/ *#.*/, "", name)
	count(row_of(device, program, mode_of(name)), name, verdict_of($0))
}

# The runner's own
/^(not )?ok - / {
	row = row_of(device, program, "-")
	count(row, "the whole of it", verdict_of($0))
	if (/^not/ && driver != "stock")
		worse(row, substr($0, 10))
}

function compare(    key, part, was, is)
{
	for (key in where) {
		split(key, part, SUBSEP)
		was = result["stock", key]
		is = result["barlease", key]
		if (is == "")
			is = "missing"
		if (is != was && is != "passed" && was != "failed")
			worse(part[1], part[2] ": " was " with stock, " is " here")
	}
}

function cell(who, row)
{
	return sprintf("%6d %6d %7d", sum[who, row, "passed"],
		       sum[who, row, "failed"], sum[who, row, "skipped"])
}

function totals(who)
{
	printf "selftests-%s\t%d\t%d\t%d\t%s\n", who, total[who, "passed"],
		total[who, "failed"], total[who, "skipped"],
		(n_worse + 0) " worse than stock" >results
}

END {
	compare()
	printf "%-6s  %-30s  %-22s  %-21s  %-21s\n", "", "", "",
	       "stock vfio-pci", "barlease"
	printf "%-6s  %-30s  %-22s  %s  %s\n", "device", "program", "mode",
	       "passed failed skipped", "passed failed skipped"
	for (i = 1; i <= n_rows; i++)
		print rows[i] "  " cell("stock", rows[i]) "  " \
		      cell("barlease", rows[i]) \
		      (rows[i] in worst ? "  worse" : "")
	if (!complete)
		worse("", died != "" ? died : "the run was not complete")
	if (!total["stock", "passed"] || !total["barlease", "passed"])
		worse("", "nothing has passed")
	for (i = 1; i <= n_worse; i++)
		print (i == 1 ? "Worse:\n  " : "  ") list[i]
	totals("stock")
	totals("barlease")
	printf "stock: %d passed, %d failed, %d skipped; ",
	       total["stock", "passed"], total["stock", "failed"],
	       total["stock", "skipped"]
	printf "barlease: %d passed, %d failed, %d skipped; %d worse\n",
	       total["barlease", "passed"], total["barlease", "failed"],
	       total["barlease", "skipped"], n_worse
	exit n_worse > 0
}
