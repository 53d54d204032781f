# SPDX-License-Identifier: MIT
# Of a UAPI header, everything in it that has a value: each struct's size, each member's
# offset, size and sign, each constant. With -v names=1 what they are called, a line each;
# else C that has the values in the same order as 64 bits each, in a section "table". A
# line of a struct that is understood by nothing here is an error: whatever is in there
# has to be in the table.

function value(name, of)
{
	if (names)
		print name
	else
		printf "	(long long)(%s),\n", of
}

BEGIN {
	if (!names) {
		printf "#include <%s>\n\n", header
		print "const long long values[] __attribute__((section(\"table\"))) = {"
	}
}

/^[ \t]*\/\*/ { comment = 1 }
comment { if (/\*\//) comment = 0; next }

# Its guard has no value, and a macro with arguments none of its own.
/^#define [A-Z0-9_]+[ \t]/ {
	value($2 ":", $2)
	while (/\\$/ && (getline) > 0)
		;
	next
}

/^struct [a-z0-9_]+ {$/ {
	struct = "struct " $2
	value(struct ": size", "sizeof(" struct ")")
	next
}

/^};$/ { struct = "" }
!struct || /^#/ || /^$/ { next }

# "__u32 name;", "__u32 name[4];", "struct one name[];"
{
	sub(/;.*/, "")
	flexible = sub(/\[\]$/, "")
	sub(/\[[A-Z0-9_]+\]$/, "")
	name = $NF
	if (!/^\t(__[us](8|16|32|64)|struct [a-z0-9_]+)[ \t]+[a-z0-9_]+$/) {
		printf "%s:%d: what is \"%s\"?\n", FILENAME, FNR, $0 >"/dev/stderr"
		exit 1
	}
	member = "((" struct " *)0)->" name
	label = struct ", " name
	value(label ": offset", "__builtin_offsetof(" struct ", " name ")")
	value(label ": size", flexible ? 0 : "sizeof(" member ")")
	if (/^\t__[us]/)
		value(label ": signed",
		      "(__typeof__(" member (flexible ? "[0]" : "") "))-1 < 0")
}

END {
	if (!names)
		print "};"
}
