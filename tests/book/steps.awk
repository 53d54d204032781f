# SPDX-License-Identifier: MIT
# A page of docs/book as a shell script: each of its commands, and all else that its
# comments say, is a call of a function of that name, of whoever reads it:
#
#   run LINE WHO STATUS COMMAND OUTPUT	in a block of "console": "# " is root's, "$ " a user's
#   goes_on LINE WHO COMMAND OUTPUT	below <!-- goes on -->: it does not end by itself
#   elsewhere LINE FILE COMMAND STATUS	below <!-- elsewhere: FILE -->: another test runs it
#   nowhere LINE REASON COMMAND STATUS	below <!-- nowhere: REASON -->: nobody can
#   file LINE PATH CONTENT		below <!-- file: PATH -->: what the block has goes there
#   guest LINE COMMAND			<!-- guest: COMMAND -->: done in the test, not shown
#   stray LINE TEXT			what is none of all that, and nobody would notice
#
# <!-- ends: STATUS --> is for commands that do not end with 0. All of these are for the
# next block only.

function quoted(text,   out, i)
{
	out = ""
	while ((i = index(text, "'")) > 0) {
		out = out substr(text, 1, i - 1) "'\\''"
		text = substr(text, i + 1)
	}
	return "'" out text "'"
}

function forget()
{
	kind = "run"
	what = ""
	status = 0
	marked = 0
}

function call()
{
	if (command == "")
		return
	if (kind == "run")
		print "run", at, who, status, quoted(command), quoted(output)
	else if (kind == "goes_on")
		print "goes_on", at, who, quoted(command), quoted(output)
	else
		print kind, at, quoted(what), quoted(command), status
	command = output = ""
}

function stray()
{
	print "stray", NR, quoted($0)
}

BEGIN {
	forget()
}

inside == "" && /^<!-- (elsewhere|nowhere|file|ends|guest): .* -->$/ {
	word = $2
	sub(/:$/, "", word)
	text = $0
	sub(/^<!-- [a-z]+: +/, "", text)
	sub(/ *-->$/, "", text)
	if (word == "guest") {
		print "guest", NR, quoted(text)
		next
	}
	if (word == "ends") {
		status = text + 0
	} else {
		kind = word
		what = text
	}
	marked = 1
	next
}

inside == "" && /^<!-- goes on -->$/ {
	kind = "goes_on"
	marked = 1
	next
}

inside == "" && /^<!--/ {
	if (NR > 1)
		stray()
	next
}

inside == "" && /^```/ {
	inside = substr($0, 4)
	if (inside == "")
		inside = "text"
	# What is no terminal can be a file only
	if (inside == "console" ? kind == "file" : marked && kind != "file")
		stray()
	at = NR + 1
	next
}

inside == "" {
	# A comment is for the block right behind it.
	if (marked && $0 != "")
		stray()
	next
}

/^```$/ {
	if (inside == "console")
		call()
	else if (kind == "file")
		print "file", at, quoted(what), quoted(content)
	inside = content = ""
	forget()
	next
}

inside != "console" {
	content = content $0 "\n"
	if (inside !~ /^(c|ini|python)$/ && /^[$#] /)
		stray()
	next
}

/^[$#] / {
	call()
	at = NR
	who = /^#/ ? "root" : "user"
	command = substr($0, 3)
	next
}

/^> / && output == "" {
	command = command "\n" substr($0, 3)
	next
}

command == "" {
	stray()
	next
}

{
	output = output $0 "\n"
}

END {
	if (inside != "" || marked)
		stray()
}
