# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2154	# who sources this says where all that is
# What steps.awk makes of a page of docs/book, done here: source it, with $here, where
# the .awk are, $work, a directory to write in, $page, its name, and $memory and $disk,
# the devices whose addresses it has; and with ok() and comes_true(). What is left to
# define is run(), which is to call type_in(), and elsewhere(), nowhere(), guest().

show()
{
	sed "s/^/#   $1: /" "$2"
}

# The pages have the addresses that some machine would have.
here_it_is()
{
	printf '%s' "$1" |
		sed "s/0000:03:00\.0/$memory/g; s/0000:06:00\.0/${disk:-none}/g"
}

# Each has a session of its own, so nothing of it is left running.
stop()
{
	kill -TERM -- "-$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# typed WHO COMMAND
typed()
{
	case $1 in
	root) exec setsid sh -c "$2" ;;
	user) exec setsid su worker1 -c "$2" ;;
	esac
}

# --- the steps of a page, see steps.awk ---

# verdict WORDS, of $work/printed and $work/said
verdict()
{
	if awk -f "$here/alike.awk" "$work/printed" "$work/said"; then
		ok 0 "$1"
		return
	fi
	show printed "$work/printed"
	show said "$work/said"
	ok 1 "$1"
}

# type_in LINE WHO STATUS COMMAND OUTPUT: what steps.awk has as "run"
type_in()
{
	local status name

	name="$page:$1: $(echo "$4" | head -n 1)"
	here_it_is "$5" >"$work/printed"
	(typed "$2" "$(here_it_is "$4")") >"$work/said" 2>&1 </dev/null
	status=$?
	if [ "$status" -eq "$3" ]; then
		verdict "$name"
		return
	fi
	echo "#   ended with $status, not $3"
	show said "$work/said"
	ok 1 "$name"
}

begun()
{
	awk -v begun=1 -f "$here/alike.awk" "$1.printed" "$1"
}

all_said()
{
	awk -v more=1 -f "$here/alike.awk" "$1.printed" "$1"
}

# It is checked once it has begun, and for all that it prints when the page is over.
goes_on()
{
	local job=$work/job-$1

	here_it_is "$4" >"$job.printed"
	echo "$page:$1: $3" >"$job.name"
	typed "$2" "$(here_it_is "${3% &}")" >"$job" 2>&1 </dev/null &
	echo $! >"$job.pid"
	comes_true begun "$job"
	ok $? "$page:$1: it begins: $3"
}

# As by Ctrl-C
jobs_end()
{
	local job pid

	for job in "$work"/job-*.pid; do
		[ -e "$job" ] || return 0
		read -r pid <"$job"
		stop "$pid"
		rm "$job"
	done
}

# One that ends may end another.
jobs_over()
{
	local job

	for job in "$work"/job-*.name; do
		[ -e "$job" ] || return 0
		job=${job%.name}
		if comes_true all_said "$job"; then
			ok 0 "$(cat "$job.name")"
		else
			show printed "$job.printed"
			show said "$job"
			ok 1 "$(cat "$job.name")"
		fi
	done
	jobs_end
	rm -f "$work"/job-*
}

file()
{
	mkdir -p "${2%/*}"
	here_it_is "$3" >"$2"
}

stray()
{
	ok 1 "$page:$1: nobody knows what this is for: $2"
}
