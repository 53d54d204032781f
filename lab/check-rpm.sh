#!/bin/bash
# SPDX-License-Identifier: MIT
# check-rpm.sh: install the packages of build/rpm by Debian's rpm, scripts and all, use
# them, upgrade to packages of a higher version, and remove them. That is done in what
# looks like this machine (an overlay above it), so that what comes is seen, and gone
# with the script. There are none of the packages that rpm would want, and no dkms, so
# it is not asked for these, nor to run barlease-dkms's scripts.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/source.sh"
. "$top/tests/unit/tap.sh"
. "$top/tests/deb/checks.sh"

if [ "$(id -u)" -ne 0 ]; then
	as_root "$0" "$@"
	exit
fi
# Mounts of its own, which go with it
if [ "${1-}" != --inside ]; then
	exec unshare --mount "$0" --inside
fi

rpm=$build/rpm
next=$build/rpm-next
layers=$build/rpm-root
root=$layers/root
said=

version_of()
{
	rpm -qp --qf '%{VERSION}\n' "$1"/*/barlease-libs-*.rpm
}

# What rpm does in there. Debian's would rather see alien used, and says so each time.
rpm_in()
{
	local status=0

	rpm --root "$root" --dbpath /var/lib/rpm "$@" >"$layers/said" 2>&1 || status=$?
	grep -vE '^rpm: (RPM should not be used|However assuming)' "$layers/said" || :
	return "$status"
}

inside()
{
	chroot "$root" env -i LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

layered()
{
	mkdir -p "$layers"
	mount -t tmpfs tmpfs "$layers"
	mkdir "$layers"/{up,work,root}
	mount -t overlay overlay \
		-o "lowerdir=/,upperdir=$layers/up,workdir=$layers/work" "$root"
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
	# Where others than Debian have libraries, their loaders look.
	rpm --eval '%{_libdir}' >"$root/etc/ld.so.conf.d/rpm.conf"
}

# What there is that was not before; rpm's own, and what systemd-sysusers, ldconfig and
# Python keep, apart
came()
{
	(cd "$layers/up" && find . ! -type d -printf '/%P\n') |
		grep -vE '^/var/(lib/rpm|cache/ldconfig)/|^/etc/(ld\.so\.|(passwd|group|g?shadow)(-|$)|\.pwd\.lock)|\.pyc$' |
		LC_ALL=C sort
}

# Of all packages that rpm knows there
listed()
{
	rpm_in -qa --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' | grep -v '^d' |
		cut -d ' ' -f 2- | LC_ALL=C sort -u
}

# put HOW DIR: the scripts of barlease-dkms would call dkms.
put()
{
	local others

	mapfile -t others < <(find "$2" -name '*.rpm' ! -name 'barlease-dkms-*' | sort)
	rpm_in "$1" --nodeps "${others[@]}" &&
		rpm_in "$1" --nodeps --noscripts "$2"/noarch/barlease-dkms-*.rpm
}

# installed VERSION
installed()
{
	is "all packages are there" \
		"barlease barlease-devel barlease-dkms barlease-libs python3-barlease" \
		"$(rpm_in -qa --qf '%{NAME}\n' | sort | xargs)"
	is "of that version" "$1" "$(rpm_in -qa --qf '%{VERSION}\n' | sort -u | xargs)"
	is "rpm finds nothing wrong with their files" "" "$(rpm_in -Va --nodeps)"
	is "there are those files, and no others" "" \
		"$(diff <(listed) <(came | grep -v '^/etc/barlease/'))"
	is "barlease runs" "barlease $1" "$(inside barlease --version 2>&1)"
	is "so does barleased" "barleased $1" "$(inside barleased --version 2>&1)"
	runs "the example of a configuration is a good one" inside \
		barleased --check -c /usr/share/doc/barlease/barleased.conf.example
	is "there is the user barlease" barlease \
		"$(inside getent passwd barlease | cut -d : -f 1)"
	runs "Python finds its module, and the library" inside /usr/bin/python3 -B -c \
		'import barlease; assert barlease.load_library()'
	is "the driver's source says the version" "PACKAGE_VERSION=\"$1\"" \
		"$(grep PACKAGE_VERSION "$root/usr/src/barlease-$1/dkms.conf")"
}

# What a shell has against the scripts; those of barlease-dkms are not run.
scripts()
{
	local package

	for package in "$rpm"/*/*.rpm; do
		rpm -qp --scripts "$package" |
			sed '/ scriptlet (using /d; / program: /d' | sh -n ||
			echo "$package"
	done
}

lock check-rpm
old=$(version_of "$rpm")
"$top/lab/rpm.sh" "$next" "$(higher "$old")"
new=$(version_of "$next")
say ROOT "this machine, and a layer: $old, and then $new"
layered
is "the scripts are ones of a shell" "" "$(scripts 2>&1)"
runs "rpm installs the packages" put -i "$rpm"
is "and has nothing to say but that there is a user now" "" \
	"$(grep -v '^Creating ' <<<"$said")"
installed "$old"
echo '[broker]' >"$root/etc/barlease/barleased.conf"
runs "rpm upgrades them" put -U "$next"
is "and has nothing to say" "" "$said"
installed "$new"
is "the configuration is still there" '[broker]' \
	"$(cat "$root/etc/barlease/barleased.conf")"
runs "rpm removes all but barlease-dkms" rpm_in -e --nodeps barlease \
	barlease-devel barlease-libs python3-barlease
is "and has nothing to say" "" "$said"
runs "and that" rpm_in -e --nodeps --noscripts barlease-dkms
is "the configuration is all that is left" /etc/barlease/barleased.conf "$(came)"
tap_done
