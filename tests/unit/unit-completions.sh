#!/bin/bash
# SPDX-License-Identifier: MIT
# The completions for bash, zsh and fish can be read by their shells, and offer every
# verb and every option that there is, and no others. What those of zsh and fish offer,
# the shells themselves are asked; the one for bash has a test of its own as well.
set -u

top=@top@
cli=@cli@
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$top" || exit
# shellcheck source=tests/unit/tap.sh
. "$top/tests/unit/tap.sh"

completions=cli/completion
# Read by their names
# shellcheck disable=SC2034
bash=$completions/barlease.bash
# shellcheck disable=SC2034
zsh=$completions/_barlease
fish=$completions/barlease.fish

# What they look at: a bridge, two devices of which one is bound, and a broker
machine()
{
	local sys=$scratch/sys device

	for device in 0x060000:0000:00:00.0 0x050000:0000:01:00.0 \
		      0x050000:0000:02:00.0; do
		mkdir -p "$sys/bus/pci/devices/${device#*:}"
		echo "${device%%:*}" >"$sys/bus/pci/devices/${device#*:}/class"
	done
	mkdir -p "$sys/module/barlease_vfio_pci/drivers/pci:vfio-pci/0000:02:00.0"
	mkdir "$scratch/bin"
	cat >"$scratch/bin/barlease" <<-'PROGRAM'
	#!/bin/sh
	case $1 in
	slices) printf '%s\n' 'SLICE GROUP' 'Door -' 'window x' ;;
	ps) printf '%s\n' 'LEASE SLICE' '    1 Door' '   12 window' ;;
	esac
	PROGRAM
	chmod +x "$scratch/bin/barlease"
	export BARLEASE_COMPLETION_ROOT=$scratch PATH=$scratch/bin:$PATH
}

# Words in an order of ours. xargs without a command would take them for echo's.
sorted()
{
	tr ' ' '\n' <<<"$1" | LC_ALL=C sort | paste -sd ' '
}

in_zsh()
{
	zsh -f tests/unit/complete.zsh "$top/$completions" "$@" 2>&1
}

# A description follows a tab.
in_fish()
{
	local words

	for words; do
		XDG_CONFIG_HOME=$scratch fish --no-config -c \
			"source $fish; complete -C \"\$argv\"" "$words" 2>&1 |
			cut -f 1 | paste -sd ' '
	done
}

# has SHELL FILE: neither the man page's verbs and options nor the program's are
# missing in its text, wherever in it
has()
{
	local word

	for word in $verbs $options; do
		case $1:$word in
		fish:--*) grep -q -- "-l ${word#--}\\b" "$2" || echo "$word" ;;
		*) grep -q -- "\\b${word#--}\\b" "$2" || echo "$word" ;;
		esac
	done
}

# The words before an option's, of all verbs and none
lines=('barlease ' 'barlease --')
wants=()

# What --help says is to be offered
expect_all()
{
	local verb

	wants=("$(sorted "$verbs")" '--help --version')
	for verb in $verbs; do
		lines+=("barlease $verb --")
		wants+=("$(sorted "$("$cli" "$verb" --help |
			grep -oE '^  (-h, )?--[a-z-]+' |
			grep -oE -- '--.*')")")
	done
}

# offers SHELL: each of $lines gets what it is to
offers()
{
	local shell=$1 i offered

	mapfile -t offered < <("in_$shell" "${lines[@]}")
	for i in "${!lines[@]}"; do
		[ "$(sorted "${offered[i]-}")" = "${wants[i]}" ] ||
			echo "${lines[i]}: ${offered[i]-} instead of ${wants[i]}"
	done
}

verbs=$("$cli" --help | awk '/^  [a-z]/ { print $1 }' | paste -sd ' ')
options=$({
	grep -oE '\*--[a-z-]+\*' man/barlease.1.scd | tr -d '*'
	for verb in $verbs; do
		"$cli" "$verb" --help | grep -oE '^  --[a-z-]+'
	done
} | sort -u | paste -sd ' ')
said=$(for verb in $verbs; do
	grep -q "^\\*$verb\\*" man/barlease.1.scd || echo "$verb"
done)
[ -z "$said" ]
ok $? "the man page has every verb" "$said"

for shell in bash zsh fish; do
	said=$("$shell" -n "${!shell}" 2>&1)
	ok $? "$shell can read its completion" "$said"
	said=$(has "$shell" "${!shell}")
	[ -z "$said" ]
	ok $? "that of $shell has every verb and option of man page and usage" "$said"
done

machine
expect_all
for shell in zsh fish; do
	said=$(offers "$shell")
	[ -z "$said" ]
	ok $? "$shell offers the verbs, and each one's options" "$said"
done

lines=(
	'barlease bind ' 'barlease unbind ' 'barlease acquire D'
	'barlease revoke 1' 'barlease peek --slice w' 'barlease peek --width 3'
	'barlease acquire Door -- barleas'
)
wants=(
	'0000:01:00.0 0000:02:00.0' '0000:02:00.0' 'Door'
	'1 12' 'window' '32'
	'barlease'
)
for shell in zsh fish; do
	said=$(offers "$shell")
	[ -z "$said" ]
	ok $? "$shell offers devices, slices, leases, values and commands" "$said"
done
tap_done
