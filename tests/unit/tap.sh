# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# TAP for the tests that are shell scripts. Source it.

checks=0
failures=0

# ok STATUS WORDS [SAID]: what has been said goes before a failure
ok()
{
	checks=$((checks + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $checks - $2"
	else
		failures=$((failures + 1))
		printf '%s\n' "${3-}" | sed 's/^/# /'
		echo "not ok $checks - $2"
	fi
}

tap_done()
{
	echo "1..$checks"
	[ "$failures" -eq 0 ]
}
