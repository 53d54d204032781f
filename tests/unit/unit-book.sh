#!/bin/bash
# SPDX-License-Identifier: MIT
# Each command that the book shows is run by a test: by "book" in the guest, or by
# another one that the page names, or the page says why none can. And what the pages
# ask of the guest's test, that one can do.
set -u

top=@top@
cd "$top" || exit
. tests/unit/tap.sh

# What the guest has, of this tree and of busybox
has=" barlease barleased edu-worker epoll-primary minimal-primary minimal-worker
nvme-worker polite-worker cmp head modprobe su unshare "
has=${has//$'\n'/ }

wrong=()
commands=0

complain()
{
	wrong+=("$page:$1: $2")
}

# Its first word, behind what is set for it
program()
{
	local word

	for word in $1; do
		[[ $word == *=* ]] || break
	done
	echo "$word"
}

parses()
{
	bash -n -c "$2" 2>/dev/null || complain "$1" "no command of a shell: $2"
}

# known LINE COMMAND
known()
{
	commands=$((commands + 1))
	parses "$1" "$2"
	[[ $has == *" $(program "$2") "* ]] ||
		complain "$1" "the guest has no such command, and nothing says who runs it: $2"
}

# The steps of a page, see tests/book/steps.awk

run()
{
	known "$1" "$4"
}

goes_on()
{
	known "$1" "$3"
}

# The address may be a variable there, and need not be root's to begin with.
elsewhere()
{
	local command=${3#sudo }

	commands=$((commands + 1))
	parses "$1" "$3"
	if [[ $2 != tests/* || ! -f $2 ]]; then
		complain "$1" "there is no test $2"
	elif ! grep -qF -- "${command%% 0000:*}" "$2"; then
		complain "$1" "$2 does not run it: $3"
	fi
}

nowhere()
{
	commands=$((commands + 1))
	parses "$1" "$3"
	[ "$(wc -w <<<"$2")" -ge 3 ] || complain "$1" "no reason why nothing runs it: $3"
}

file()
{
	[[ $2 == /* ]] || complain "$1" "a file without a path"
}

guest()
{
	local word=${2%% *}

	[[ $has == *" $word "* ]] || grep -qx "$word()" tests/book/{book,steps}.sh ||
		[ "$word" = sleep ] || complain "$1" "the guest's test cannot do: $2"
}

stray()
{
	complain "$1" "nobody knows what this is for: $2"
}

# read_page FILE
read_page()
{
	local steps

	page=$1
	steps=$(awk -f tests/book/steps.awk "$1") || complain 0 "it cannot be read"
	eval "$steps"
}

mapfile -t pages < <(find docs/book -name '*.md' | sort)
for page in "${pages[@]}"; do
	read_page "$page"
done
printf -v said '%s\n' "${wrong[@]-}"
[ "${#wrong[@]}" -eq 0 ]
ok $? "each command of the book is run by a test, or the page says why not" "$said"
[ "$commands" -ge 60 ]
ok $? "the book has commands" "$commands"

# What of it is noticed
wrong=()
sample=$(mktemp)
trap 'rm -f "$sample"' EXIT
cat >"$sample" <<'PAGE'
```console
# apt install nothing
```

<!-- elsewhere: tests/deb/tour.sh -->
```console
# systemctl frobnicate
```

<!-- nowhere: -->
```console
# reboot
```

<!-- nobody -->
```sh
$ barlease list
```

<!-- guest: walk_the_dog -->
PAGE
read_page "$sample"
for what in 'apt install nothing' 'tour.sh does not run it' 'nowhere: -->' \
	'nobody -->' 'barlease list' 'walk_the_dog'; do
	said=$(printf '%s\n' "${wrong[@]-}")
	grep -qF -- "$what" <<<"$said"
	ok $? "a page with a mistake is noticed: $what" "$said"
done

tap_done
