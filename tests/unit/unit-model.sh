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
	grep -oE '/\*.*\*/|^ \*.*' "model/$1.pml" |
		grep -oE '\<[a-z_]+\(\)' | tr -d '()' | sort -u
}

# names MODEL LEAST DIRECTORY...: it names so many functions, and they are there
names()
{
	local model=$1 least=$2 nr=0 missing='' name
	shift 2

	for name in $(named "$model"); do
		nr=$((nr + 1))
		grep -rqE --include='*.[ch]' "(^|[ *])$name\(" "$@" ||
			missing+=" $name()"
	done
	[ "$nr" -ge "$least" ]
	ok $? "$model names functions" "$nr"
	[ -z "$missing" ]
	ok $? "all of them are there" "not in $*:$missing"
}

names leases 20 module
names queues 10 lib/server lib/device broker

unused=
while read -r name; do
	grep -qE "\<${name#*_}\>" lab/model.sh || unused+=" $name"
done < <(grep -ohE '(RUN|WRONG)_[A-Z0-9_]+' model/*.pml | sort -u)
[ -z "$unused" ]
ok $? "each process and each mistake is searched" "not in lab/model.sh:$unused"

tap_done
