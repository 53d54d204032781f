#!/bin/bash
# SPDX-License-Identifier: MIT
# The version is meson.build's. What has to say it by itself says the same, and what is
# built from meson.build has it.
set -u

top=@top@
built=@built@
version=@version@
soversion=@soversion@
cd "$top" || exit
# shellcheck source=tests/unit/tap.sh
. tests/unit/tap.sh
# shellcheck source=lab/source.sh
. lab/source.sh
IFS=. read -r major minor _ <<<"$version"

# same WORDS PLACE FOUND WANTED
same()
{
	[ "$3" = "$4" ]
	ok $? "$1" "$2 has \"$3\", where meson.build's $version makes it \"$4\""
}

# header NAME: a number that the header defines
header()
{
	sed -n "s/^#define BARLEASE_VERSION_$1 //p" include/barlease.h
}

# Nothing of it is newer than the version: "LINE VERSION" of those that are
symbols_ahead()
{
	sed -n 's/^ (symver)//p' debian/libbarlease0.symbols |
	while read -r section since; do
		printf '%s\n' "$since" "$version" | sort -CV ||
			echo "$section $since"
	done
}

# The sections of barlease.map, and those that Debian's packages know
map_sections()
{
	sed -n 's/^\(LIBBARLEASE_[0-9.]*\) {$/\1/p' lib/barlease.map | sort
}

symbols_sections()
{
	sed -n 's/^ (symver)\([^ ]*\) .*/\1/p' debian/libbarlease0.symbols | sort
}

[[ $version =~ ^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}$ ]]
ok $? "the version is three numbers" "meson.build has \"$version\""

same "the scripts that make packages find it" lab/source.sh \
	"$(project_version "$top")" "$version"
same "the header's MAJOR is its first" include/barlease.h "$(header MAJOR)" "$major"
same "the header's MINOR is its second" include/barlease.h "$(header MINOR)" "$minor"
same "the newest changes are of it" CHANGELOG.md \
	"$(sed -n 's/^## \([^, ]*\).*/\1/p' CHANGELOG.md | head -n 1)" "$version"
same "the spec for RPMs is of it" rpm/barlease.spec \
	"$(sed -n 's/^Version: *//p' rpm/barlease.spec)" "$version"

same "the library's soname has MAJOR" lib/meson.build "$soversion" "$major"
same "so has the first section of its symbols" lib/barlease.map \
	"$(map_sections | head -n 1)" "LIBBARLEASE_$major"
same "so has Debian's package of it" debian/control \
	"$(sed -n 's/^Package: libbarlease\([0-9].*\)/\1/p' debian/control)" "$major"
same "so has its list of symbols" debian/libbarlease0.symbols \
	"$(sed -n 's/^libbarlease\.so\.\([^ ]*\) libbarlease\([^ ]*\) .*/\1 \2/p' \
		debian/libbarlease0.symbols)" "$major $major"
said=$(diff <(map_sections) <(symbols_sections))
ok $? "that list has each section of barlease.map" "$said"
said=$(symbols_ahead)
[ -z "$said" ]
ok $? "none of them is of a version that is to come" "$said"
same "Python loads that library" python/barlease.py \
	"$(grep -o 'libbarlease\.so\.[0-9]*' python/barlease.py)" "libbarlease.so.$major"

same "barlease --version says it" cli/barlease \
	"$("$built/cli/barlease" --version)" "barlease $version"
same "barleased --version says it" broker/barleased \
	"$("$built/broker/barleased" --version)" "barleased $version"
same "pkg-config says it" meson-private/libbarlease.pc \
	"$(sed -n 's/^Version: //p' "$built/meson-private/libbarlease.pc")" "$version"
same "the library's file has it" lib/libbarlease.so \
	"$(basename "$(readlink -f "$built/lib/libbarlease.so")")" \
	"libbarlease.so.$version"
same "DKMS is told it by whoever makes a package" debian/barlease-dkms.dkms \
	"$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' debian/barlease-dkms.dkms)" \
	"#MODULE_VERSION#"

tap_done
