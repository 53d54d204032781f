#!/bin/bash
# SPDX-License-Identifier: MIT
# check.sh unit|sanitize|fuzz|all [TEST,...]: run the host's unit tests, those
# with sanitizers, the fuzzers, or these and the guest's tests, of which some may
# be named, and then they are all. Closes with one line that counts them all.
# Environment:
#   FUZZ_SECONDS=SECONDS     for each fuzzer (20)
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

	streams+=("$out/unit.tap")
	mapfile -t programs < <(find "$build/user/tests/unit" -maxdepth 1 \
		-name 'unit-*' -type f -executable | sort)
	say UNIT "tests on this host"
	CMOCKA_MESSAGE_OUTPUT=TAP "$build/lab/runner" "${programs[@]}" </dev/null |
		tee "$out/unit.tap" | show_all
}

sanitize()
{
	streams+=("$out/asan.tap" "$out/tsan.tap")
	"$top/lab/sanitize.sh" || say FAIL "see above"
}

fuzz()
{
	streams+=("$out/fuzz.tap")
	"$top/lab/fuzz.sh" "${FUZZ_SECONDS:-20}" || say FAIL "see above"
}

guest()
{
	streams+=("$out/guest.tap")
	"$top/lab/run-guest.sh" check "$tests" || say FAIL "see $out/console.log"
}

rm -f "$out"/*.tap
streams=()
case $what in
unit | sanitize | fuzz) "$what" ;;
all)
	if [ -z "$tests" ]; then
		unit
		sanitize
		fuzz
	fi
	guest
	;;
*) die "unknown tests: $what" ;;
esac
# What came to nothing is an empty stream, and so a failure.
touch "${streams[@]}"
awk -f "$top/lab/tally.awk" "${streams[@]}"
