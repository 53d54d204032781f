# SPDX-License-Identifier: MIT
# The messages in C files, one a line: the string literals among the arguments of
# those functions that print messages, or make them. "…" is for each conversion of
# printf(). Macros in a literal are looked up in the same files. One without letters
# says nothing. One without a space is a message only where it is the first of its
# call: the others are words that go into one. What is said at LOG_INFO, or is
# HEALTH_GOOD, is nobody's trouble.
#
# Of "checks_add:4", only arguments from that one on, counted from 0; of
# "snprintf/why", only calls whose first one is that. "return" is for what functions
# return, "*why=" for what a variable is set to by way of a pointer, ".text=" for what
# a member begins with, "{E" for tables of errors and words.
#
# awk -v functions="failed checks_add:4 snprintf/why return *why=" -f messages.awk FILE...

BEGIN {
	nr_names = split(functions, names, " ")
	for (i = 1; i <= nr_names; i++) {
		split(names[i], part, ":")
		prints[part[1]] = 1
		from[part[1]] = part[2] + 0
	}
}

FNR == 1 { nr_files++ }
{ text[nr_files] = text[nr_files] $0 "\n" }

# Tokens: kind[] is "s" for a string, "n" for a name or number, else the character
function token(of, what)
{
	kind[++nr] = of
	value[nr] = what
}

function scan_string(s,    end)
{
	end = 2
	while (substr(s, end, 1) != "\"")
		end += substr(s, end, 1) == "\\" ? 2 : 1
	token("s", substr(s, 2, end - 2))
	return end
}

function scan_char(s,    end)
{
	end = substr(s, 2, 1) == "\\" ? 3 : 2
	return end + index(substr(s, end + 1), "'")
}

function scan(s,    c, n)
{
	nr = 0
	while (s != "") {
		c = substr(s, 1, 1)
		n = 1
		if (match(s, /^[ \t\n]+/))
			n = RLENGTH
		else if (substr(s, 1, 2) == "/*")
			n = index(s, "*/") + 1
		else if (substr(s, 1, 2) == "//")
			n = index(s, "\n")
		else if (c == "\"")
			n = scan_string(s)
		else if (c == "'")
			n = scan_char(s)
		else if (match(s, /^[A-Za-z0-9_]+/))
			token("n", substr(s, 1, n = RLENGTH))
		else
			token(c, c)
		s = substr(s, n + 1)
	}
}

# "#define NAME" and what it is, if that begins with a string
function collect_macros(s,    lines, i, n, part)
{
	gsub(/\\\n/, " ", s)
	n = split(s, lines, "\n")
	for (i = 1; i <= n; i++) {
		if (lines[i] !~ /^#define[ \t]+[A-Za-z_0-9]+[ \t]+.*"/)
			continue
		split(lines[i], part)
		sub(/^#define[ \t]+[A-Za-z_0-9]+[ \t]+/, "", lines[i])
		macro[part[2]] = lines[i]
	}
}

# What a macro's strings come to
function expand(name,    s, out)
{
	if (name ~ /^PRI/)
		return "u"
	s = macro[name]
	while (s != "") {
		if (match(s, /^"[^"]*"/))
			out = out substr(s, 2, RLENGTH - 2)
		else if (match(s, /^[A-Z_a-z0-9]+/))
			out = out (substr(s, 1, RLENGTH) in macro ? \
				   expand(substr(s, 1, RLENGTH)) : "")
		else
			RLENGTH = 1
		s = substr(s, RLENGTH + 1)
	}
	return out
}

function is_part(i)
{
	return kind[i] == "s" || kind[i] == "n" && \
	       (value[i] in macro || value[i] ~ /^PRI[a-zA-Z0-9]+$/)
}

# All parts of a literal from token @at on; how many there are is in nr_parts
function literal(at,    i, out)
{
	for (i = at; is_part(i); i++)
		out = out (kind[i] == "s" ? value[i] : expand(value[i]))
	nr_parts = i - at
	return out
}

function normal(s)
{
	gsub(/%%/, "\001", s)
	gsub(/%[-+ #0]*[0-9*]*(\.[0-9*]+)?(hh|h|ll|l|z|j|t)?[diouxXeEfFgGscpm]/, \
	     "…", s)
	gsub(/\001/, "%", s)
	gsub(/\\[nt]/, " ", s)
	gsub(/\\033/, "", s)
	gsub(/\\"/, "\"", s)
	gsub(/\\\\/, "\\", s)
	gsub(/  +/, " ", s)
	sub(/^ /, "", s)
	sub(/ $/, "", s)
	return s
}

function emit(s, is_first)
{
	s = normal(s)
	if (s ~ /[A-Za-z]/ && (is_first || s ~ / /))
		print s
}

function is_quiet(at, end,    i)
{
	for (i = at; i < end; i++)
		if (value[i] == "LOG_INFO" || value[i] == "HEALTH_GOOD")
			return 1
	return 0
}

# @at is the "(" behind the name of a function: the token behind its ")"
function end_of_call(at,    depth, i)
{
	for (i = at; i <= nr; i++) {
		depth += (kind[i] == "(") - (kind[i] == ")")
		if (!depth)
			return i
	}
	return nr
}

# @first: the number of the first argument that counts
function call(at, first,    depth, end, i, s, seen)
{
	end = end_of_call(at)
	if (is_quiet(at, end))
		return
	for (i = at; i < end; i++) {
		depth += (kind[i] == "(") - (kind[i] == ")")
		if (kind[i] == "," && depth == 1)
			first--
		if (first > 0 || !is_part(i))
			continue
		s = literal(i)
		if (kind[i] == "s" || nr_parts > 1)
			emit(s, !seen++)
		i += nr_parts - 1
	}
}

# What is returned, or set: up to the ";", without what functions are called with
function statement(at,    i)
{
	for (i = at; i <= nr && kind[i] != ";"; i++) {
		if (kind[i] == "n" && kind[i + 1] == "(") {
			i = end_of_call(i + 1)
		} else if (kind[i] == "s") {
			emit(literal(i), 0)
			i += nr_parts - 1
		}
	}
}

# A name, and what is around it
function look(t)
{
	if (value[t] == "return" && "return" in prints)
		statement(t + 1)
	else if (kind[t + 1] == "(" && value[t] in prints)
		call(t + 1, from[value[t]])
	else if (kind[t + 1] == "(" && (value[t] "/" value[t + 2]) in prints)
		call(t + 1, 0)
	else if (kind[t + 1] == "=" && (kind[t - 1] value[t] "=") in prints)
		statement(t + 2)
	else if ("{E" in prints && kind[t - 1] == "{" && value[t] ~ /^E[A-Z]+$/)
		emit(literal(t + 2), 0)
}

END {
	for (f = 1; f <= nr_files; f++)
		collect_macros(text[f])
	for (f = 1; f <= nr_files; f++) {
		scan(text[f])
		for (t = 1; t < nr; t++)
			if (kind[t] == "n")
				look(t)
	}
}
