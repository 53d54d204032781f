#!/bin/bash
# SPDX-License-Identifier: MIT
# docs/errors.md has every message that the sources can print, and no others.
set -u

top=@top@
cd "$top" || exit
. tests/unit/tap.sh

# Of printf()'s kind, and no message: files, tables, answers and events; and what is
# called with those of others
others='log_about admin_tell admin_tell_of checks_command file_exists file_link_name file_read
file_read_all file_real_path file_write path_of table_add text_add text_print
text_vprint use_ended_by
bl_record cell_set config_vcomplain frame_add say say_error vtell write_line'

# messages FUNCTIONS FILE...
messages()
{
	local functions=$1
	shift

	awk -v functions="$functions" -f tests/unit/messages.awk "$@" |
		LC_ALL=C sort -u
}

# The code at the start of each item of a section, before what is said of it:
# - `one message`, `another`: what to do
documented()
{
	awk -v title="## $1" '
	/^## / { inside = $0 == title; more = 0 }
	!inside { next }
	/^- `/ { more = 1; sub(/^- /, "") }
	!more { next }
	{
		sub(/^ +/, "")
		while (match($0, /^`[^`]*`/)) {
			print substr($0, 2, RLENGTH - 2)
			$0 = substr($0, RLENGTH + 1)
			more = sub(/^, */, "") || $0 == ","
		}
		if ($0 != "")
			more = 0
	}' docs/errors.md | LC_ALL=C sort
}

# matches SECTION FUNCTIONS FILE...
matches()
{
	local section=$1 said number
	shift

	number=$(messages "$@" | wc -l)
	[ "$number" -ge 10 ]
	ok $? "there are messages of \"$section\"" "$number"
	said=$(LC_ALL=C comm -23 <(messages "$@") <(documented "$section"))
	[ -z "$said" ]
	ok $? "docs/errors.md has each of them" "$said"
	said=$(LC_ALL=C comm -13 <(messages "$@") <(documented "$section"))
	[ -z "$said" ]
	ok $? "and none that is no more" "$said"
}

# What the compiler checks as it does printf(): prototypes and definitions
printers()
{
	cat "$@" | awk '
	BEGIN { RS = "[;{}]" }
	/format\(printf/ {
		gsub(/__attribute__\(\(format\(printf, [0-9]+, [0-9]+\)\)\)/, "")
		gsub(/\/\*[^*]*\*\//, "")
		if (match($0, /[a-z_]+\(/))
			print substr($0, RSTART, RLENGTH - 1)
	}' | sort -u
}

driver='pr_err pr_warn pr_notice pci_err pci_warn pci_notice dev_err dev_warn
dev_notice'
broker='log_line log_user log_event complain config_complain fputs fprintf/stderr
snprintf/text snprintf/why snprintf/words .text= return'
admin='admin_fail admin_reject'
server='bl_session_error lost misbehaves push_out turn_away *limit= *why= {E return'
cli='errx failed failed_by fprintf/stderr misused note top_complain top_say use_by verdict_because
return'

matches 'The driver' "$driver" module/*.[ch]
matches 'barleased' "$broker" broker/*.[ch] broker/*/*.[ch]
matches "The administrator's socket" "$admin" broker/*.[ch] broker/*/*.[ch]
matches 'Clients of barleased' "$server" lib/server/*.[ch] lib/server/*/*.[ch]
matches 'barlease' "$cli" cli/*.[ch] cli/{top,verbs}/*.c
matches 'barlease doctor' checks_add:4 cli/*.[ch] cli/{top,verbs}/*.c

# One that is new must be in one of the lists.
said=$(comm -23 <(printers {broker,cli,lib/server}/{,*/}*.[ch]) \
	<(tr ' ' '\n' <<<"$broker $admin $server $cli $others checks_add" |
	  sort -u))
[ -z "$said" ]
ok $? "every function that takes a format is known here" "$said"

tap_done
