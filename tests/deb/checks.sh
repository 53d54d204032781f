# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Checks of commands, for the tests of the packages. Source after tap.sh.

# is WORDS WANT HAVE [SAID]
is()
{
	local status=0

	[ "$2" = "$3" ] || status=1
	ok "$status" "$1" "\"$3\" instead of \"$2\"${4+
$4}"
}

# has WORDS PART ALL
has()
{
	local status=0

	[[ $3 == *"$2"* ]] || status=1
	ok "$status" "$1" "there is no \"$2\" in
$3"
}

# runs WORDS COMMAND...: what it says is in $said.
runs()
{
	local words=$1 status=0
	shift

	said=$("$@" 2>&1 </dev/null) || status=$?
	ok "$status" "$words" "$* ends with $status:
$said"
	return "$status"
}

# refused WORDS COMMAND...
refused()
{
	local words=$1 status=0
	shift

	said=$("$@" 2>&1 </dev/null) || status=$?
	[ "$status" -ne 0 ]
	ok "$?" "$words" "$*: $said"
}
