# SPDX-License-Identifier: MIT
# Rows of table.jq as a Markdown table that can also be read as it is

function trim3(x)
{
	if (x >= 1000)
		return grouped(sprintf("%.0f", x))
	return sprintf("%.3g", x)
}

function grouped(digits,  head)
{
	head = ""
	while (length(digits) > 3) {
		head = "," substr(digits, length(digits) - 2) head
		digits = substr(digits, 1, length(digits) - 3)
	}
	return digits head
}

# A time in the unit that it is best read in
function quantity(x, unit)
{
	if (x == "" || x !~ /^[0-9.e+-]+$/)
		return x
	if (unit == "us")
		x *= 1e3
	else if (unit == "ms")
		x *= 1e6
	else if (unit != "ns")
		return trim3(x) (unit == "bytes" ? " bytes" : "")
	if (x < 1e3)
		return trim3(x) " ns"
	if (x < 1e6)
		return trim3(x / 1e3) " µs"
	return trim3(x / 1e6) " ms"
}

function named(value, name)
{
	return name == "" ? value : value " (" name ")"
}

# Of a ratio near to 1 the second decimal is what matters.
function ratio(x)
{
	if (x == "")
		return ""
	return (x < 10 ? sprintf("%.2f", x) : trim3(x)) "×"
}

# What length() of an awk that counts bytes makes too long
function width(text)
{
	gsub(/[\200-\277]/, "", text)
	return length(text)
}

function add(row, column, text)
{
	cell[row, column] = text
	if (width(text) > widest[column])
		widest[column] = width(text)
}

BEGIN {
	FS = "\t"
	columns = split("|what|with a lease|compared with|ratio|quartiles|wanted|met", head, "|")
	for (i = 1; i <= columns; i++)
		add(0, i, head[i])
}

{
	add(NR, 1, $1)
	add(NR, 2, $2)
	add(NR, 3, named(quantity($5, $3), $4 == "lease" ? "" : $4))
	add(NR, 4, named(quantity($7, $3), $6))
	add(NR, 5, ratio($8) ($13 == "" ? "" : " less"))
	add(NR, 6, $8 == "" ? "" : ratio($9) " … " ratio($10))
	add(NR, 7, $11)
	add(NR, 8, $12)
}

function line(row,  i, text)
{
	text = "|"
	for (i = 1; i <= columns; i++)
		text = text sprintf(" %s%*s |", cell[row, i],
				    widest[i] - width(cell[row, i]), "")
	print text
}

END {
	line(0)
	rule = "|"
	for (i = 1; i <= columns; i++) {
		dashes = sprintf("%*s", widest[i] + 2, "")
		gsub(/ /, "-", dashes)
		rule = rule dashes "|"
	}
	print rule
	for (row = 1; row <= NR; row++)
		line(row)
}
