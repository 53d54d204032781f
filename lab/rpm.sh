#!/bin/bash
# SPDX-License-Identifier: MIT
# rpm.sh: build the packages of rpm/barlease.spec in build/rpm, with Debian's rpmbuild,
# and say how large they are. Nothing here has tried them: there is no machine that
# takes them.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/source.sh"

out=$build/rpm
work=$out/work
version=$(project_version "$top")
spec=$top/rpm/barlease.spec

packages()
{
	# Debian's packages are nothing that rpm knows of.
	clean_env rpmbuild -bb --nodeps --define "_topdir $work" \
		--define "_rpmdir $out" "$spec"
}

grep -qE "^Version: +${version//./\\.}$" "$spec" ||
	die "$spec is of another version than meson.build, $version" \
	    "change its \"Version:\""
lock rpm
rm -rf "$out"
copy_source "$work/barlease-$version"
mkdir -p "$work/SOURCES"
tar -C "$work" -czf "$work/SOURCES/barlease-$version.tar.gz" "barlease-$version"
step RPM "barlease $version" packages || die "rpmbuild fails" "see above, and $spec"
rm -rf "$work"
sizes "$out" rpm
