#!/bin/bash
# SPDX-License-Identifier: MIT
# docs/book/tutorial-card.md, in a machine that has the packages, as its reader types it:
# all but the calls of apt, which lab/check-deb.sh has run or purge.sh will run. And how
# long it takes, from the first line to a lease that a user has.
set -u
. "${0%/*}/machine.sh"

here=${0%/*}
work=/tmp/tutorial
page=tutorial-card.md
# shellcheck disable=SC2034	# the page's addresses become these
memory=$dev disk=
# shellcheck source=tests/book/steps.sh
. "$here/steps.sh"

now()
{
	date +%s.%N
}

# took SECONDS SECONDS: lab/check-deb.sh looks for this line
took()
{
	awk -v from="$1" -v to="$2" 'BEGIN {
		printf "# tutorial: %.0f s from its first line to a lease that a user has\n",
			to - from
	}'
}

has_lease()
{
	barlease ps | grep -q " held .* $(id -u worker1) "
}

# shellcheck disable=SC2317	# the steps call these
run()
{
	type_in "$@"
	if [ "$4" = "barlease ps" ] && [ -z "$leased" ] && has_lease; then
		leased=yes
		took "$begin" "$(now)"
	fi
}

# Here it is; what it prints, the page does not say.
elsewhere()
{
	type_in "$1" root "$4" "$3" ...
}

# apt, and make
nowhere()
{
	:
}

# What else is for a guest that has no systemd. Debian's su has a session of its own for
# what it runs, so that a user's program is not reached by the one that it is in.
guest()
{
	[ "$2" = jobs_end ] || return 0
	jobs_end
	as worker1 sh -c 'kill -TERM -1'
}

# The page has the number, too.
printf 'u %s %s - /tmp /bin/sh\n' worker1 1001 worker2 1002 | systemd-sysusers -
mkdir -p "$work"
awk -f "$here/steps.awk" "$here/$page" >"$work/steps"
ok $? "the page can be read"
leased=
begin=$(now)
# shellcheck source=/dev/null
. "$work/steps"
is "a user had a lease" yes "$leased"
jobs_over

# For the tests that come
systemctl disable --now barleased.service barleased.socket barleased-admin.socket 2>&1 |
	sed 's/^/# /'
rm -rf "$work" "$config"
tap_done
