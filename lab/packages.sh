#!/bin/bash
# SPDX-License-Identifier: MIT
# packages.sh PACKAGE...: install those Debian packages that are missing.
set -eu
. "$(dirname "$0")/lib.sh"

missing()
{
	local p

	for p; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in
		installed) ;;
		*) echo "$p" ;;
		esac
	done
}

# "apt-get update" only when apt has nothing to offer for a missing package.
known()
{
	local p

	for p; do
		apt-cache show "$p" >/dev/null 2>&1 || return 1
	done
}

install()
{
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y \
		--no-install-recommends -o DPkg::Lock::Timeout=600 "$@"
}

command -v dpkg-query >/dev/null ||
	die "this is not a Debian system" \
	    "the lab needs Debian 12 or 13; install what it lacks by hand: $*"

[ -n "$(missing "$@")" ] || exit 0
lock packages
# Whoever held the lock may have installed them.
need=$(missing "$@")
[ -n "$need" ] || exit 0

# shellcheck disable=SC2086	# a list of words
set -- $need
[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
	die "packages are missing, and this is neither root nor is there sudo" \
	    "as root, run: apt-get install --no-install-recommends $*"

if ! known "$@"; then
	step UPDATE "list of packages" as_root apt-get update
	fresh=yes
fi
if step INSTALL "$*" install "$@"; then
	exit 0
fi
# An old list names versions that the mirror has dropped since.
[ -z "${fresh-}" ] || die "apt-get could not install: $*"
step UPDATE "list of packages" as_root apt-get update
step INSTALL "$*" install "$@" || die "apt-get could not install: $*"
