#!/bin/bash
# SPDX-License-Identifier: MIT
# deb.sh [DIR [VERSION]]: build Debian's packages in DIR (build/deb), have lintian look
# at them, and say how large they are. They are built from a copy of what git knows,
# as another VERSION where one is named. What the version is, meson.build says.
# Environment:
#   DEB_BUILD_PROFILES=      with the device plugin for Kubernetes, too, which is for
#                            this Debian's gRPC, and no other's
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/source.sh"

out=$(realpath -m "${1:-$build/deb}")
source=$out/source
export DEB_BUILD_PROFILES=${DEB_BUILD_PROFILES-pkg.barlease.nokubernetes}

changelog()
{
	cat <<-CHANGELOG
	barlease ($1) unstable; urgency=medium

	  * Version $1. What has changed, the repository's history says.

	 -- $(sed -n 's/^Maintainer: //p' "$top/debian/control")  $(date -R -d "@$(source_stamp)")
	CHANGELOG
}

packages()
{
	cd "$source"
	clean_env dpkg-buildpackage -us -uc
}

# All that it has to say is a fault. To run it as root is harmless here.
lintian_all()
{
	lintian --allow-root --fail-on error,warning,info,pedantic \
		--display-info --pedantic "$out"/*.changes
}

lock deb
rm -rf "$out"
copy_source "$source"
[ $# -lt 2 ] || sed -i "s/^  version: '.*',$/  version: '$2',/" "$source/meson.build"
version=$(project_version "$source")
changelog "$version" >"$source/debian/changelog"
step DEB "barlease $version" packages ||
	die "dpkg-buildpackage fails" "see above, and debian/rules"
step LINTIAN "barlease $version" lintian_all || die "lintian finds fault: see above"
rm -rf "$source"
sizes "$out" deb
