# SPDX-License-Identifier: MIT
# alike.awk PRINTED SAID: does a program say what the book prints? Numbers and the width
# of columns may be others; "..." is any lines, or at a line's end the rest of it.
# With -v more=1 there may be more, and with -v begun=1 what is before the first "..."
# will do.

function plain(line)
{
	gsub(/0x[0-9a-f]+/, "N", line)
	gsub(/[0-9]+/, "N", line)
	gsub(/[ \t]+/, " ", line)
	sub(/^ /, "", line)
	sub(/ $/, "", line)
	return line
}

function same(want, have,   length_)
{
	if (want !~ /\.\.\.$/)
		return want == have
	sub(/ ?\.\.\.$/, "", want)
	length_ = length(want)
	return substr(have, 1, length_) == want
}

# The rest of both, from these lines on
function alike(w, h)
{
	if (w > wants)
		return h > haves
	if (want[w] == "...")
		return alike(w + 1, h) || h <= haves && alike(w, h + 1)
	return h <= haves && same(want[w], have[h]) && alike(w + 1, h + 1)
}

FILENAME == ARGV[1] {
	if (!begun || want[wants] != "...")
		want[++wants] = plain($0)
	next
}

{
	have[++haves] = plain($0)
}

END {
	if (begun || more)
		want[++wants] = "..."
	exit !alike(1, 1)
}
