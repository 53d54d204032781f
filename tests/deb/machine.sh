# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# What the tests share that run in the machine with the packages installed
# shellcheck source=tests/unit/tap.sh
. "${BASH_SOURCE[0]%/*}/tap.sh"
. "${BASH_SOURCE[0]%/*}/checks.sh"

said=
config=/etc/barlease/barleased.conf
units='barleased.service barleased.socket barleased-admin.socket'

# The lab's device with 64 MiB in BAR 2
device()
{
	local dir

	for dir in /sys/bus/pci/devices/*; do
		[ "$(xargs <"$dir/vendor")" = 0x1af4 ] &&
			[ "$(xargs <"$dir/device")" = 0x1110 ] &&
			[ "$(stat -c %s "$dir/resource2")" = $((64 << 20)) ] &&
			echo "${dir##*/}"
	done
}

# as USER COMMAND...
as()
{
	local user=$1
	shift

	runuser -u "$user" -- "$@"
}

# comes_true COMMAND...: within two minutes, for the machine is an emulated one
comes_true()
{
	local end=$((SECONDS + 120))

	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return
		sleep 0.2
	done
}

property()
{
	systemctl show -P "$1" "$2"
}

log_of_service()
{
	journalctl -u barleased.service -o cat --no-pager -n 20
}

# The states of the three units, enabled or active
states()
{
	# shellcheck disable=SC2086	# a list of words
	systemctl "is-$1" $units | sort -u | xargs
}

# hold SLICE: an ordinary user takes it, and reads its word again and again.
hold()
{
	rm -f /tmp/holder.*
	install -d -o worker1 -m 700 /tmp/holder
	# shellcheck disable=SC2016	# for the holder's shell
	as worker1 barlease acquire "$1" -- sh -c '
		while word=$(barlease peek 0x10); do
			echo "$word" >/tmp/holder/word
			sleep 0.2
		done' >/tmp/holder.said 2>&1 &
	holder=$!
	comes_true holder_reads 0x00000010: 0x00001234
}

# What it has read since it was asked for
holder_reads()
{
	rm -f /tmp/holder/word
	sleep 1
	[ "$(cat /tmp/holder/word 2>/dev/null)" = "$*" ]
}

holder_is_gone()
{
	! kill -0 "$holder" 2>/dev/null
}

dev=$(device)
[ -n "$dev" ] || {
	ok 1 "there is a device" "$(grep . /sys/bus/pci/devices/*/device)"
	tap_done
	exit
}
