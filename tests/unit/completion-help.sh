#!/bin/bash
# SPDX-License-Identifier: MIT
# completion-help.sh COMPLETION PROGRAM: a line for each verb and each option
# that --help shows and the completion does not know, or knows otherwise.
set -u
# shellcheck source=../../cli/completion/barlease.bash
. "$1"
program=$2

shown()
{
	"$program" "$1" --help | awk '/^  --[a-z]/ {
		print $1 (/^  --[a-z-]+ [A-Z]/ ? "=" : "") }' | xargs
}

verbs=$("$program" --help | awk '/^  [a-z]/ { print $1 }' | xargs)
# shellcheck disable=SC2154	# the completion has them
known=$(xargs <<<"$_barlease_verbs")
[ "$verbs" = "$known" ] || echo "verbs: $verbs, not $known"
for verb in $verbs; do
	# shellcheck disable=SC2154
	known=${_barlease_options[$verb]}
	[ "$(shown "$verb")" = "$known" ] ||
		echo "$verb: $(shown "$verb"), not $known"
	"$program" "$verb" --help | grep -q '^Examples:' ||
		echo "$verb: no examples"
done
