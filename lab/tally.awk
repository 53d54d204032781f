# SPDX-License-Identifier: MIT
# Count the results of every TAP stream named: first the list of the failed
# checks, then "N passed, N failed[, N skipped]". A result marked TODO that
# fails was not expected to pass: it counts as skipped. The exit status is 0
# when something ran, nothing failed, and every stream came to its end.
# The variable "results" may name a file for NAME, passed, failed, skipped and the
# variable "note", with tabs between them, NAME being its own; what was skipped is in
# FILE.skipped then, "TEST<TAB>why".

# "TEST: what", for the runner's own lines have the test's name already.
function fail(what)
{
	sub(/^not ok */, "", what)
	sub(/^[0-9]+ */, "", what)
	sub(/^- */, "", what)
	if (test != "" && index(what, test ": ") != 1)
		what = test ": " what
	failures[++failed] = what
}

# Whoever skips says why behind the word, or else in front of it.
function skip(line,    why)
{
	skipped++
	why = line
	if (match(tolower(line), /# *(skip|todo)[^ ]* */))
		why = substr(line, RSTART + RLENGTH)
	if (why == "") {
		why = line
		sub(/ *#.*/, "", why)
		sub(/^(not )?ok *[0-9]* *-? */, "", why)
	}
	if (results != "")
		print (test != "" ? test : "-") "\t" why > (results ".skipped")
}

function end_of_stream()
{
	if (stream != "" && !complete)
		fail("not finished: " stream)
}

FNR == 1 {
	end_of_stream()
	stream = FILENAME
	complete = 0
	test = ""
}

/^#@ begin / { test = $4 }
/^#@ end / { test = "" }
/^#@ complete/ { complete = 1 }
/^#@ died / {
	fail(substr($0, 9))
	complete = 1
}

/^(not )?ok( |$)/ {
	if (tolower($0) ~ /# *skip/ || (/^not/ && tolower($0) ~ /# *todo/))
		skip($0)
	else if (/^ok/)
		passed++
	else
		fail($0)
}

END {
	end_of_stream()
	for (i = 1; i < ARGC; i++)
		if ((getline line < ARGV[i]) < 1)
			fail("nothing was run: " ARGV[i])
	if (failed)
		print "Failed:"
	for (i = 1; i <= failed; i++)
		print "  " failures[i]
	if (!failed && !passed)
		print "Nothing was run."
	printf "%d passed, %d failed", passed, failed
	if (skipped)
		printf ", %d skipped", skipped
	print ""
	if (results != "") {
		name = results
		sub(/.*\//, "", name)
		printf "%s\t%d\t%d\t%d\t%s\n", name, passed, failed, skipped,
			note > results
	}
	exit failed || !passed
}
