#!/bin/bash
# SPDX-License-Identifier: MIT
# check.sh unit|all [TEST,...]: run the host's unit tests (not when guest tests
# are named), then the guest's, and close with one line that counts them all.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/show.sh"

what=$1
tests=${2-}
out=$build/check
mkdir -p "$out"
lock check

# The same runner as in the guest, so the same verdicts.
unit()
{
	local programs

	mapfile -t programs < <(find "$build/user/tests/unit" -maxdepth 1 \
		-name 'unit-*' -type f -executable | sort)
	say UNIT "tests on this host"
	CMOCKA_MESSAGE_OUTPUT=TAP "$build/lab/runner" "${programs[@]}" </dev/null |
		tee "$out/unit.tap" | show_all
	streams+=("$out/unit.tap")
}

guest()
{
	"$top/lab/run-guest.sh" check "$tests" || say FAIL "see $out/console.log"
	streams+=("$out/guest.tap")
}

rm -f "$out"/*.tap
streams=()
[ -n "$tests" ] || unit
[ "$what" = unit ] || guest
awk -f "$top/lab/tally.awk" "${streams[@]}"
