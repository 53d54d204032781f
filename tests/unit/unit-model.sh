#!/bin/bash
# SPDX-License-Identifier: MIT
# The model is of the driver as it is: each function that it names is there, and
# each process and each mistake of it is in the list of searches.
set -u

top=@top@
cd "$top" || exit
. tests/unit/tap.sh

# Of the comments, for what the model calls itself has its name, too
named()
{
	grep -oE '/\*.*\*/|^ \*.*' model/leases.pml |
		grep -oE '\<[a-z_]+\(\)' | tr -d '()' | sort -u
}

defined()
{
	grep -qE "(^|[ *])$1\(" module/*.[ch]
}

missing=
nr=0
for name in $(named); do
	nr=$((nr + 1))
	defined "$name" || missing+=" $name()"
done
[ "$nr" -ge 20 ]
ok $? "the model names functions of the driver" "$nr"
[ -z "$missing" ]
ok $? "all of them are there" "not in module/:$missing"

unused=
while read -r name; do
	grep -qE "\<${name#*_}\>" lab/model.sh || unused+=" $name"
done < <(grep -oE '(RUN|WRONG)_[A-Z0-9_]+' model/leases.pml | sort -u)
[ -z "$unused" ]
ok $? "each process and each mistake of it is searched" "not in lab/model.sh:$unused"

tap_done
