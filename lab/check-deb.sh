#!/bin/bash
# SPDX-License-Identifier: MIT
# check-deb.sh [CODENAME...]: install the packages of build/deb in a Debian 12 and a
# Debian 13 that have a kernel and its headers and nothing else, by apt, with all that
# they depend on from the mirror; have DKMS build the driver; boot that, and use it;
# have another kernel come, upgrade to packages of a higher version; purge them, and
# look at what is left. The roots are in build/deb-root, and are made anew each time;
# CODENAME.log is all that apt has said there. With --one it does that; without, it
# builds the higher version, and runs itself for each of them.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/source.sh"
. "$top/tests/unit/tap.sh"
. "$top/tests/deb/checks.sh"

if [ "$(id -u)" -ne 0 ]; then
	as_root "$0" "$@"
	exit
fi

deb=$build/deb
next=$build/deb-next
packages='barlease barlease-dkms libbarlease-dev libbarlease0 python3-barlease'
rule=70-barlease-bind-0000:03:00.0.rules

version_of()
{
	dpkg-deb -f "$1"/libbarlease0_*.deb Version
}

# inside COMMAND...: in the root, which is called $root. No daemon starts there:
# there is no systemd that runs.
inside()
{
	# shellcheck disable=SC2016	# the inner shell expands these
	unshare --mount --pid --fork --kill-child sh -euc '
		mount -t proc proc "$0/proc"
		mount --rbind /dev "$0/dev"
		mount --bind "$1" "$0/var/cache/apt/archives"
		shift
		exec chroot "$0" "$@"' "$root" "$root.archives" \
		env -i LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" 2>>"$log" </dev/null
}

# What apt says is of interest when it fails.
apt()
{
	inside apt-get -y "$@" >>"$log"
}

# try WORDS COMMAND...: a check; without it the rest has no sense
try()
{
	local words=$1
	shift

	if "$@" >>"$log"; then
		ok 0 "$name: $words"
		return
	fi
	ok 1 "$name: $words" "$(tail -n 30 "$log")"
	say FAIL "$name: see $log"
	tap_done
	exit 1
}

# same WORDS WANT HAVE
same()
{
	is "$name: $1" "$2" "$3"
}

fresh_root()
{
	"$top/lab/deb-root.sh" "$name"
	rm -rf "$root"
	mkdir -p "$root" "$root.archives/partial"
	tar -C "$root" --numeric-owner -xf "$root.tar"
	cp /etc/resolv.conf "$root/etc/"
	mkdir -p "$root/build/deb" "$root/next"
	cp "$deb"/*.deb "$root/build/deb/"
	cp "$next"/*.deb "$root/next/"
}

# What the tutorial has its reader type, in the directory that build/deb is in: for
# Debian 12, whose kernel is another one, with that kernel's headers
tutorial_words()
{
	local words

	words=$(awk -f "$top/tests/book/steps.awk" "$top/docs/book/tutorial-card.md" |
		sed -n "s/^nowhere .* 'sudo apt install \(.*\)' 0$/\1/p")
	case $name in
	bookworm) words=${words/linux-headers-amd64/linux-headers-6.12-amd64} ;;
	esac
	echo "$words"
}

# From packages that are at hand
tutorial_install()
{
	local words start

	words=$(tutorial_words)
	[[ $words == *./build/deb/\*.deb* ]] || return
	inside sh -c "apt-get -y --download-only install $words >&2" || return
	start=$SECONDS
	inside sh -c "apt-get -y install $words >&2" || return
	seconds=$((SECONDS - start))
}

# A kernel that comes later: 6.1, which the driver is not for, and 7.3
later_headers()
{
	case $name in
	bookworm) apt install linux-headers-amd64 ;;
	*) apt install -t "$name-backports" linux-headers-amd64 ;;
	esac
}

# Releases with headers
releases()
{
	find "$root/usr/src" -maxdepth 1 -name 'linux-headers-*-amd64' \
		-printf '%f\n' | sed 's/^linux-headers-//' | sort -V
}

# Files, but for what apt, dpkg, alternatives and depmod keep about all packages
files()
{
	(cd "$root" && find . -xdev \
		\( -path ./proc -o -path ./dev -o -path ./tmp -o -path ./build \
		-o -path ./next -o -path ./var/lib/dpkg -o -path ./var/lib/apt \
		-o -path ./var/cache -o -path ./var/log \) -prune -o \
		! -path './usr/lib/modules/*/modules.*' ! -name '*.pyc' \
		! -path './etc/alternatives*' ! -lname '/etc/alternatives/*' \
		! -name __pycache__ -print | LC_ALL=C sort)
}

# built RELEASE VERSION: DKMS has put it where modprobe finds it, signed
built()
{
	local says

	says=$(inside dkms status -m barlease -k "$1" | grep -c "installed") || :
	same "DKMS has built the driver for $1, once" 1 "$says"
	says=$(inside modinfo -k "$1" -F vermagic barlease-vfio-pci) || :
	same "modinfo finds it, as $1's" "$1" "${says%% *}"
	says=$(inside modinfo -k "$1" -F filename barlease-vfio-pci) || :
	same "in updates/dkms" updates/dkms \
		"$(sed -E 's,.*/(updates/dkms)/.*,\1,' <<<"$says")"
	says=$(inside modinfo -k "$1" -F signer barlease-vfio-pci) || :
	same "signed with DKMS's key" "DKMS module signing key" "$says"
	says=$(inside dkms status -m barlease |
		sed -E 's,^barlease/([^,]+).*,\1,' | sort -u | xargs)
	same "DKMS knows version $2 of it only" "$2" "$says"
}

# installed VERSION
installed()
{
	local says f

	says=$(inside barlease --version)
	same "barlease is of that version" "barlease $1" "$says"
	says=$(inside barleased --version)
	same "barleased is of that version" "barleased $1" "$says"
	same "the directory in /usr/src is of that version" "barlease-$1" \
		"$(cd "$root/usr/src" && echo barlease-*)"
	says=$(inside getent passwd barlease | cut -d : -f 1) || :
	same "there is the user barlease" barlease "$says"
	for f in usr/lib/udev/rules.d/70-barlease.rules \
		 usr/lib/systemd/system/barleased{.service,.socket,-admin.socket} \
		 usr/lib/systemd/system/barlease-metrics{.socket,@.service} \
		 usr/share/bash-completion/completions/barlease \
		 usr/share/fish/vendor_completions.d/barlease.fish \
		 usr/share/zsh/vendor-completions/_barlease \
		 usr/share/man/man1/barlease.1.gz \
		 usr/share/man/man5/barleased.conf.5.gz \
		 usr/share/man/man7/barlease-protocol.7.gz \
		 usr/share/man/man7/libbarlease.7.gz \
		 usr/share/man/man8/barleased.8.gz \
		 usr/share/man/man3/barlease_write8.3.gz \
		 usr/lib/python3/dist-packages/barlease.py \
		 usr/include/barlease.h usr/include/linux/barlease.h; do
		[ -e "$root/$f" ] || echo "$f"
	done >"$root.missing"
	same "all files are there" "" "$(cat "$root.missing")"
}

# What is in the packages works where they are.
works()
{
	local says

	try "the example of a configuration is a good one" inside \
		barleased --check -c /usr/share/doc/barlease/barleased.conf.example
	# shellcheck disable=SC2016	# the inner shell expands these
	try "a program builds against the library" inside sh -c \
		'cc -o /tmp/worker \
		 /usr/share/doc/libbarlease-dev/examples/minimal-worker.c \
		 $(pkg-config --cflags --libs libbarlease)'
	says=$(inside sh -c '/tmp/worker 2>&1') || :
	same "and starts" "worker: there is no server" "$says"
	says=$(inside sh -c \
		'/usr/share/doc/python3-barlease/examples/minimal-worker.py page 2>&1') || :
	same "and one in Python" \
		"[Errno 2] No such file or directory: '/run/barlease/socket'" "$says"
}

# The machine's own kernel, a broker, and an ordinary user. That a reader of the tutorial
# is there in five minutes is measured, and no check.
booted()
{
	local status=0 good lease

	"$top/lab/deb-boot.sh" "$root" "$root.out" || status=$?
	ok "$status" "$name: it boots, and the run is complete"
	lease=$(sed -n 's/^# tutorial: \([0-9]*\) s .*/\1/p' "$root.out/guest.tap")
	echo "# $name: from packages to a lease: $seconds s of apt and DKMS on this machine," \
		"${lease:-?} s of the tutorial's other lines in the one that was booted"
	good=$(grep -c '^not ok' "$root.out/guest.tap") || :
	same "no check in there has failed" 0 "$good"
}

# Files of packages
owned()
{
	sed -E 's,^,.,; s,^\./(s?bin|lib|lib64)/,./usr/\1/,' \
		"$root"/var/lib/dpkg/info/*.list | LC_ALL=C sort -u
}

# Of what was not there before, what no package has: of those that came with these,
# some stay, such as a newer kernel, which makes files in /boot. DKMS keeps its key; and
# netbase and tzdata, which Python wants, what they have made in /etc.
left()
{
	LC_ALL=C comm -13 "$root.before" <(files) |
		LC_ALL=C comm -23 - <(owned) |
		grep -vE '^\./(var/lib/dkms|etc/dkms|boot/|run/reboot)' |
		grep -vE '^\./etc/(hosts|localtime|networks|timezone)$' || :
}

upgraded()
{
	local rel

	echo '[broker]' >"$root/etc/barlease/barleased.conf"
	mkdir -p "$root/etc/udev/rules.d"
	touch "$root/etc/udev/rules.d/$rule"
	try "another kernel comes" later_headers
	try "apt upgrades the packages" inside sh -c \
		'apt-get -y install /next/*.deb >&2'
	installed "$1"
	for rel in $(releases); do
		# The package has it built for the newest, and for the one that runs,
		# which is none of these: at boot, DKMS does so.
		try "DKMS has nothing against $rel" inside dkms autoinstall -k "$rel"
		case $rel in
		6.1.*) same "there is no driver for $rel" "" "$(find \
			"$root/usr/lib/modules/$rel" -name 'barlease*')" ;;
		*) built "$rel" "$1" ;;
		esac
	done
	same "the configuration is still there" '[broker]' \
		"$(cat "$root/etc/barlease/barleased.conf")"
}

# shellcheck disable=SC2086	# $packages is a list of words
purged()
{
	try "apt removes the packages" apt remove $packages
	same "and keeps the configuration" '[broker]' \
		"$(cat "$root/etc/barlease/barleased.conf")"
	# Of the others nothing is left that apt would know.
	try "apt purges them" apt purge barlease
	same "no file of a name with barlease is left" "" \
		"$(files | grep barlease)"
	try "apt purges what has come with them" apt autoremove --purge \
		gcc libc6-dev pkgconf linux-headers-amd64
	same "nothing else is left that was not there before" "" "$(left)"
}

check()
{
	local old new rel

	old=$(version_of "$deb")
	new=$(version_of "$next")
	say ROOT "$name: $old, and then $new"
	fresh_root
	try "apt knows the mirror" apt update
	files >"$root.before"
	try "apt installs the packages, as the tutorial has it" tutorial_install
	try "apt installs what programs are built with" apt install \
		gcc libc6-dev pkgconf
	installed "$old"
	for rel in $(releases); do
		built "$rel" "$old"
	done
	works
	booted
	upgraded "$new"
	purged
	rm -rf "$root"
	tap_done
}

mkdir -p "$build/deb-root"
if [ "${1-}" = --one ]; then
	name=$2
	root=$build/deb-root/$name
	log=$root.log
	: >"$log"
	check
	exit
fi

[ $# -gt 0 ] || set -- bookworm trixie
lock deb-root
"$top/lab/packages.sh" e2fsprogs
"$top/lab/fetch-qemu.sh"
"$top/lab/deb.sh" "$next" "$(higher "$(version_of "$deb")")"
bad=
for name; do
	"$0" --one "$name" || bad="$bad $name"
done
[ -z "$bad" ] || die "the packages do not do on$bad" "see above"
