# SPDX-License-Identifier: MIT
# Completion of barlease(1) for fish.

# Of devices: all but bridges (class 06), or those of our driver, which may go
# by another name; its module never does
function __barlease_devices
	set -l sys $BARLEASE_COMPLETION_ROOT/sys
	set -l class

	switch $argv[1]
	case bind
		for device in $sys/bus/pci/devices/*
			read class <$device/class 2>/dev/null; or continue
			string match -q '0x06*' $class; or basename $device
		end
	case '*'
		for device in $sys/module/barlease_vfio_pci/drivers/pci:*/*:*
			basename $device
		end
	end
end

# The first column of a table, without its heading. Waits for nobody.
function __barlease_column
	set -l program (commandline -opc)[1]

	timeout 2 $program $argv 2>/dev/null | tail -n +2 | awk '{ print $1 }'
end

# Whether the verb is one of these, and what is typed not what follows "--"
function __barlease_verb
	set -l words (commandline -opc)

	contains -- "$words[2]" $argv; and not contains -- -- $words
end

# What follows "--" is a command line of its own.
function __barlease_behind
	set -l words (commandline -opc)

	test "$words[2]" = acquire; and contains -- -- $words
end

function __barlease_command
	set -l words (commandline -opc)
	set -l first (math (contains -i -- -- $words) + 1)
	set -l command (string escape -- $words[$first..-1])

	complete -C "$command "(commandline -ct)
end

# __barlease_option VERBS OPTION...: as complete(1) has them
function __barlease_option
	complete -c barlease -n "__barlease_verb $argv[1]" $argv[2..-1]
end

complete -c barlease -f

# Verbs
complete -c barlease -n __fish_use_subcommand -a list \
	-d 'show the PCI devices, and whether they can be leased from'
complete -c barlease -n __fish_use_subcommand -a bind \
	-d 'give devices to the driver that leases'
complete -c barlease -n __fish_use_subcommand -a unbind \
	-d 'give devices back to the drivers that they had'
complete -c barlease -n __fish_use_subcommand -a wc \
	-d 'make maps of a BAR write-combining'
complete -c barlease -n __fish_use_subcommand -a dmabuf \
	-d 'choose what programs of others get when they export a BAR'
complete -c barlease -n __fish_use_subcommand -a doctor \
	-d 'look at whether this machine is ready for leases'
complete -c barlease -n __fish_use_subcommand -a report \
	-d 'show what a report of something wrong should have'
complete -c barlease -n __fish_use_subcommand -a slices \
	-d 'show the slices that you may lease'
complete -c barlease -n __fish_use_subcommand -a acquire \
	-d 'run a command with a lease'
complete -c barlease -n __fish_use_subcommand -a peek \
	-d 'read words through a lease'
complete -c barlease -n __fish_use_subcommand -a poke \
	-d 'write a word through a lease'
complete -c barlease -n __fish_use_subcommand -a devices \
	-d "show barleased's devices, and which of them are away"
complete -c barlease -n __fish_use_subcommand -a show \
	-d "draw which bytes of a device's BARs are leased, and to whom"
complete -c barlease -n __fish_use_subcommand -a ps \
	-d 'show every lease, and the processes and devices that hold it'
complete -c barlease -n __fish_use_subcommand -a top \
	-d 'watch leases, and what is counted, on a terminal'
complete -c barlease -n __fish_use_subcommand -a revoke -d 'take leases back'
complete -c barlease -n __fish_use_subcommand -a pause \
	-d 'have accesses to leases wait'
complete -c barlease -n __fish_use_subcommand -a resume \
	-d 'have them go on'
complete -c barlease -n __fish_use_subcommand -a reset \
	-d 'have barleased reset a device'
complete -c barlease -n __fish_use_subcommand -a reload \
	-d 'have barleased read its configuration again'
complete -c barlease -n __fish_use_subcommand -a restart \
	-d 'have barleased become the one that is installed by now'
complete -c barlease -n __fish_use_subcommand -a watch \
	-d 'show what happens to leases, as it happens'
complete -c barlease -n __fish_use_subcommand -a metrics \
	-d 'print what has been counted, for Prometheus'
complete -c barlease -n __fish_use_subcommand -a grant \
	-d 'make a socket where these slices are to be had'
complete -c barlease -n __fish_use_subcommand -a grants \
	-d "show the sockets that 'grant' has made"
complete -c barlease -n __fish_use_subcommand -a ungrant \
	-d 'take them away, with all that was had there'
complete -c barlease -n __fish_use_subcommand -a cdi \
	-d 'make slices devices of container runtimes'

# Options
complete -c barlease -n 'not __barlease_behind' -s h -l help -d 'what it does'
complete -c barlease -n __fish_use_subcommand -s V -l version \
	-d 'which version this is'
__barlease_option \
	'doctor report slices devices show ps top revoke pause resume reset reload restart watch metrics grant grants ungrant cdi' \
	-l admin -rF -d "barleased's administrator's socket"
__barlease_option list -l all -d 'bridges, too'
__barlease_option slices -l all -d "everybody's, as the administrator"
__barlease_option acquire -l after -xa 'sigbus ones' \
	-d 'what accesses get when the lease is over'
__barlease_option 'revoke pause resume' -l all -d 'every lease'
__barlease_option acquire -l any -d 'any free slice of a group'
__barlease_option 'show top' -l ascii -d 'draw with ASCII characters'
__barlease_option 'doctor report' -l config -rF \
	-d "barleased's configuration"
__barlease_option 'revoke pause resume' -l device -xa '(__barlease_devices show)' \
	-d 'all leases of this device'
__barlease_option 'acquire pause grant' -l for -xa '30s 10m 2h' -d 'no longer than that'
__barlease_option bind -l force -d 'even if the driver that it has is at work'
__barlease_option revoke -l grace -xa '0 5s 30s 10m' \
	-d 'so much time for the holder to finish'
__barlease_option metrics -l http \
	-d 'answer one request of HTTP on standard input'
__barlease_option top -l interval -x -d 'from one look to the next'
__barlease_option acquire -l irq -d 'with an eventfd for each of its interrupts'
__barlease_option 'list doctor slices devices show ps watch grants' -l json \
	-d 'for programs'
__barlease_option acquire -l listen-fds \
	-d 'as descriptor 3, with $LISTEN_FDS and the like'
__barlease_option 'bind doctor' -l no-iommu -d 'devices without an IOMMU'
__barlease_option wc -l off -d 'uncached instead'
__barlease_option top -l once -d 'print one look as text, and end'
__barlease_option acquire -l on-revoke -xa 'HUP INT QUIT TERM USR1 USR2' \
	-d 'send the command this if the lease ends, or is about to'
__barlease_option cdi -l output -rF -d 'else /etc/cdi/barlease.json'
__barlease_option bind -l persist -d 'and whenever the machine starts'
__barlease_option wc -l prove -d 'show what the page table says'
__barlease_option 'peek poke' -l slice -xa '(__barlease_column slices)' \
	-d 'lease this slice for the moment'
__barlease_option 'revoke pause resume' -l slice -xa '(__barlease_column slices)' \
	-d 'all leases of this slice'
__barlease_option 'doctor report slices acquire peek poke' -l socket -rF \
	-d 'of whoever vends slices'
__barlease_option show -l svg -d 'a picture, in SVG'
__barlease_option 'revoke pause resume' -l uid -xa '(__fish_complete_user_ids)' \
	-d 'all leases of this user'
__barlease_option watch -l until-end -d 'end when barleased does'
__barlease_option 'grant cdi' -l user -xa '(__fish_complete_users)' \
	-d 'for this user, and those of its user namespaces'
__barlease_option acquire -l wait -xa '5s 30s 10m forever' \
	-d 'where others have it, wait so long for it'
__barlease_option 'peek poke' -l width -xa '8 16 32 64' -d 'of a word, in bits'

# Operands
__barlease_option 'bind doctor' -a '(__barlease_devices bind)'
__barlease_option 'unbind show wc reset dmabuf' -a '(__barlease_devices ours)'
__barlease_option dmabuf -a 'lease core'
__barlease_option acquire -a '(__barlease_column slices)'
__barlease_option 'grant cdi' -a '(__barlease_column slices --all)'
__barlease_option ungrant -a '(__barlease_column grants)'
__barlease_option 'revoke pause resume' -a '(__barlease_column ps)'
complete -c barlease -n __barlease_behind -a '(__barlease_command)'

functions -e __barlease_option
