# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of barlease(1) for bash. Works without the package bash-completion.

_barlease_verbs='list bind unbind wc dmabuf doctor report slices acquire peek poke
devices show ps top revoke pause resume reset reload restart watch metrics
grant grants ungrant cdi'

# Options of each verb; those that end in "=" need a value.
declare -gA _barlease_options=(
	[list]='--all --json'
	[bind]='--force --no-iommu --persist'
	[unbind]=''
	[wc]='--off --prove'
	[dmabuf]=''
	[doctor]='--admin= --config= --json --no-iommu --socket='
	[report]='--admin= --config= --socket='
	[slices]='--admin= --all --json --socket='
	[acquire]='--after= --any --for= --irq --listen-fds --on-revoke= --socket= --wait='
	[peek]='--slice= --socket= --width='
	[poke]='--slice= --socket= --width='
	[devices]='--admin= --json'
	[show]='--admin= --ascii --json --svg'
	[ps]='--admin= --json'
	[top]='--admin= --ascii --interval= --once'
	[revoke]='--admin= --all --device= --grace= --slice= --uid='
	[pause]='--admin= --all --device= --for= --slice= --uid='
	[resume]='--admin= --all --device= --slice= --uid='
	[reset]='--admin='
	[reload]='--admin='
	[restart]='--admin='
	[watch]='--admin= --json --until-end'
	[metrics]='--admin= --http'
	[grant]='--admin= --for= --user='
	[grants]='--admin= --json'
	[ungrant]='--admin='
	[cdi]='--admin= --output= --user='
)

# Of devices: all but bridges (class 06), or those of our driver, which may go
# by another name; its module never does
_barlease_devices()
{
	local sys=${BARLEASE_COMPLETION_ROOT-}/sys class device

	case $1 in
	bind)
		for device in "$sys"/bus/pci/devices/*; do
			read -r class 2>/dev/null <"$device/class" || continue
			[[ $class == 0x06* ]] || echo "${device##*/}"
		done
		;;
	*)
		for device in "$sys"/module/barlease_vfio_pci/drivers/pci:*/*:*; do
			[ ! -e "$device" ] || echo "${device##*/}"
		done
		;;
	esac
}

# The first column of a table, without its heading. Waits for nobody.
_barlease_column()
{
	local first

	timeout 2 "${COMP_WORDS[0]}" "$@" 2>/dev/null | {
		read -r _
		while read -r first _; do
			echo "$first"
		done
	}
}

# COMPREPLY from words. A ":" ends a word for readline: what is before the last
# one of the word that is typed has to be left out.
_barlease_reply()
{
	local cur=$1 i prefix
	shift

	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
	[[ $cur == *:* && $COMP_WORDBREAKS == *:* ]] || return
	prefix=${cur%"${cur##*:}"}
	for i in "${!COMPREPLY[@]}"; do
		COMPREPLY[i]=${COMPREPLY[i]#"$prefix"}
	done
}

# The word that is typed, put together again where ":" has broken it
_barlease_current()
{
	local i=$COMP_CWORD word=${COMP_WORDS[COMP_CWORD]}

	while ((i > 1)) && [[ ${COMP_WORDS[i - 1]} == *: || ${COMP_WORDS[i]} == :* ]]; do
		((i--))
		word=${COMP_WORDS[i]}$word
	done
	echo "$word"
}

_barlease_operand()
{
	local verb=$1 cur=$2

	case $verb in
	bind | unbind | show | wc | reset)
		_barlease_reply "$cur" "$(_barlease_devices "$verb")"
		;;
	doctor)
		_barlease_reply "$cur" "$(_barlease_devices bind)"
		;;
	dmabuf)
		_barlease_reply "$cur" "$(_barlease_devices "$verb") lease core"
		;;
	acquire)
		_barlease_reply "$cur" "$(_barlease_column slices) --"
		;;
	revoke | pause | resume)
		_barlease_reply "$cur" "$(_barlease_column ps)"
		;;
	grant | cdi)
		_barlease_reply "$cur" "$(_barlease_column slices --all)"
		;;
	ungrant)
		_barlease_reply "$cur" "$(_barlease_column grants)"
		;;
	esac
}

# A value, where the word before asks for one
_barlease_value()
{
	case $1 in
	--slice) _barlease_reply "$2" "$(_barlease_column slices)" ;;
	--device) _barlease_reply "$2" "$(_barlease_devices show)" ;;
	--after) _barlease_reply "$2" sigbus ones ;;
	--for | --grace) _barlease_reply "$2" 5s 30s 10m 2h ;;
	--user) mapfile -t COMPREPLY < <(compgen -u -- "$2") ;;
	--wait) _barlease_reply "$2" 5s 30s 10m forever ;;
	--on-revoke) _barlease_reply "$2" HUP INT QUIT TERM USR1 USR2 ;;
	--width) _barlease_reply "$2" 8 16 32 64 ;;
	--socket | --admin | --config | --output) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
	*) return 1 ;;
	esac
}

# What follows "--" is a command line of its own.
_barlease_command()
{
	local i

	for ((i = 2; i < COMP_CWORD; i++)); do
		[ "${COMP_WORDS[i]}" = -- ] || continue
		if ((i + 1 == COMP_CWORD)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$1")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$1")
		fi
		return
	done
	return 1
}

_barlease()
{
	local cur verb=${COMP_WORDS[1]}

	COMPREPLY=()
	cur=$(_barlease_current)
	if ((COMP_CWORD == 1)); then
		_barlease_reply "$cur" "$_barlease_verbs --help --version"
	elif _barlease_command "$cur" ||
	     _barlease_value "${COMP_WORDS[COMP_CWORD - 1]}" "$cur"; then
		return
	elif [[ $cur == -* ]]; then
		_barlease_reply "$cur" "${_barlease_options[$verb]//=/} --help"
	else
		_barlease_operand "$verb" "$cur"
	fi
}

complete -F _barlease barlease
