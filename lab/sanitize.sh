#!/bin/bash
# SPDX-License-Identifier: MIT
# The unit tests, each once with AddressSanitizer and UndefinedBehaviorSanitizer
# and once with ThreadSanitizer. The results go to build/check/asan.tap and
# tsan.tap.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/configure.sh"
. "$(dirname "$0")/show.sh"

out=${OUT:-$build/check}
# A finding is a failure of the test that it is found in.
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export CMOCKA_MESSAGE_OUTPUT=TAP

# The guest's programs, which are static, cannot be built so, and are not.
unit_tests()
{
	ninja -C "$1" -t targets all |
		sed -nE 's/^(tests\/unit\/unit-[^.:/]+): .*LINKER.*/\1/p'
}

# ThreadSanitizer knows some layouts of memory, and more kernels have others.
# In a container this may be forbidden, and then there is nothing for it.
fixed_layout=()
if setarch "$(uname -m)" -R true 2>/dev/null; then
	fixed_layout=(setarch "$(uname -m)" -R)
fi

# Two tests of one name are two: "asan/unit-wire".
named()
{
	sed -u -E "s,^(#@ begin [^ ]+ ),\\1$1/,"
}

# sanitize NAME SANITIZERS
sanitize()
{
	local dir=$build/user-$1 programs

	configure "$dir" -Dtests=true -Db_sanitize="$2" -Db_lundef=false
	# Else those of a meson.build that has changed since are meant.
	step NINJA "build/user-$1" ninja -C "$dir" build.ninja
	mapfile -t programs < <(unit_tests "$dir")
	# unit-completion and others run the command line.
	step NINJA "build/user-$1" ninja -C "$dir" "${programs[@]}" cli/barlease \
		tests/unit/barlease
	say UNIT "tests with $2"
	"${fixed_layout[@]}" "$build/lab/runner" "${programs[@]/#/$dir/}" \
		</dev/null | named "$1" | tee "$out/$1.tap" | show_all
}

mkdir -p "$out"
lock sanitize
sanitize asan address,undefined
sanitize tsan thread
