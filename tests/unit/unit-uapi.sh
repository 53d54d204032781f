#!/bin/bash
# SPDX-License-Identifier: MIT
# Nothing in the headers of the driver's calls is another than what was recorded, and to a
# program of 32 bits it is the same.
set -u

top=@top@
cd "$top" || exit
# shellcheck source=tests/unit/tap.sh
. tests/unit/tap.sh

for machine in amd64 i386; do
	said=$(lab/uapi.sh "$machine" lib/abi/uapi 2>&1)
	ok $? "numbers, sizes and offsets on $machine are what was recorded" "$said"
done

# What nothing can tell the size of must not be passed over.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
printf 'struct one {\n\t__u32\tgood;\n\tunsigned long bad;\n};\n' >"$scratch/odd.h"
said=$(awk -f lab/uapi.awk -v names=1 "$scratch/odd.h" 2>&1)
[[ $? -ne 0 && $said == *'odd.h:3: what is "'*'unsigned long bad"'* ]]
ok $? "a member that the table cannot have is an error" "$said"

tap_done
