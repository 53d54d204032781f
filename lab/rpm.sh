#!/bin/bash
# SPDX-License-Identifier: MIT
# rpm.sh [DIR [VERSION]]: build the packages of rpm/barlease.spec in DIR (build/rpm), with
# Debian's rpmbuild, and say how large they are; as another VERSION where one is named.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/source.sh"

out=$(realpath -m "${1:-$build/rpm}")
work=$out/work
spec=$top/rpm/barlease.spec

packages()
{
	# Debian's packages are nothing that rpm knows of.
	clean_env rpmbuild -bb --nodeps --define "_topdir $work" \
		--define "_rpmdir $out" "$source/rpm/barlease.spec"
}

version=$(project_version "$top")
grep -qE "^Version: +${version//./\\.}$" "$spec" ||
	die "$spec is of another version than meson.build, $version" \
	    "change its \"Version:\""
version=${2:-$version}
source=$work/barlease-$version
lock rpm
rm -rf "$out"
copy_source "$source"
sed -i "s/^  version: '.*',$/  version: '$version',/" "$source/meson.build"
sed -i "s/^\(Version: *\).*/\1$version/" "$source/rpm/barlease.spec"
mkdir -p "$work/SOURCES"
tar -C "$work" -czf "$work/SOURCES/barlease-$version.tar.gz" "barlease-$version"
step RPM "barlease $version" packages || die "rpmbuild fails" "see above, and $spec"
rm -rf "$work"
sizes "$out" rpm
