#!/bin/bash
# SPDX-License-Identifier: MIT
# The programs that pages print are what the tests compile and run, and the manual has
# every key of the broker's configuration.
set -u

top=@top@
cd "$top" || exit
. tests/unit/tap.sh

# printed FILE PAGE: the block of C behind the line of it that has a link to this file
printed()
{
	awk -v link="$1)" '
		index($0, link) { near = 1 }
		near && inside && /^```$/ { exit }
		near && inside { print }
		near && /^```c$/ { inside = 1 }' "$2"
}

# Those of the arrays of keys, without the section that each is of
keys()
{
	awk '/^static const struct key .*_keys\[\]/ { inside = 1 }
	     inside && /^};/ { inside = 0 }
	     inside && split($0, part, "\"") == 3 { print part[2] }' \
		broker/config/keys.c
}

# "*key* = _value_", at the start of a line or behind a comma
documented()
{
	sed -n '/^\*[a-z-]*\* = /p' man/barleased.conf.5.scd |
		grep -oE '\*[a-z-]+\* = ' | tr -d '*= '
}

lines=0
# is_printed FILE PAGE
is_printed()
{
	said=$(diff "$1" <(printed "$1" "$2"))
	ok $? "$2 has $1 as it is" "$said"
	lines=$((lines + $(wc -l <"$1")))
}

is_printed examples/minimal-worker.c README.md
is_printed examples/minimal-primary.c docs/book/how-to/own-driver.md
said="they have $lines lines"
[ "$lines" -le 60 ]
ok $? "the two have at most 60 lines together" "$said"

said=$(keys | wc -l)
[ "$said" -ge 15 ]
ok $? "the broker's configuration has keys" "$said"
said=$(diff <(keys | sort) <(documented | sort))
ok $? "barleased.conf(5) has all of them, and no others" "$said"

tap_done
