#!/bin/bash
# SPDX-License-Identifier: MIT
# The mutants and the planted bugs are of the driver as it is: each patch applies,
# names tests that there are, and says what it is.
set -u

top=@top@
cd "$top" || exit
. tests/unit/tap.sh

# What a patch says in its header, after "# WORD: "
said_of()
{
	sed -n "s/^# $2: //p" "$1"
}

# Its tests that nobody has
unknown()
{
	local name

	for name in $(said_of "$1" Tests | tr ',' ' '); do
		[ -e "lab/$name" ] || find tests/guest bench -name "$name.c" |
			grep -q . || printf ' %s' "$name"
	done
}

for patch in tests/mutants/*.patch tests/planted/*.patch; do
	name=$(basename "$patch" .patch)
	said=$(patch -p1 --dry-run --force --silent <"$patch" 2>&1)
	ok $? "$name is a patch for the driver" "$said"
	missing=$(unknown "$patch")
	[ -n "$(said_of "$patch" Tests)" ] && [ -z "$missing" ]
	ok $? "$name names tests" "missing:$missing"
done

tap_done
