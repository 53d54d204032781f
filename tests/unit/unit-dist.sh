#!/bin/bash
# SPDX-License-Identifier: MIT
# The tarball of "make dist": one commit is the same bytes wherever it is packed, what is
# not committed is refused, and what comes out of it can be built with no git about.
set -u

top=@top@
version=@version@
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# shellcheck source=tests/unit/tap.sh
. "$top/tests/unit/tap.sh"
# shellcheck source=lab/source.sh
. "$top/lab/source.sh"
SECONDS=0
limit=120

if ! command -v git >/dev/null; then
	echo '1..0 # SKIP there is no git'
	exit
fi

# A make that has called this has a machine and a kernel of its own in mind.
unset ARCH KERNEL PAGES USERLAND MAKEFLAGS
# Who commits it when is part of a commit, and nobody's configuration.
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_AUTHOR_DATE='1700000000 +0000'
export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
export GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE

# commit DIR: what is there now, committed or not, is all that there ever was.
commit()
{
	copy_source "$1"
	(
		cd "$1" &&
		git init -q &&
		git add -A &&
		git -c commit.gpgSign=false commit -qm all
	)
}

# pack DIR [NAME=VALUE...]: its tarball
pack()
{
	local dir=$1
	shift

	env "$@" "$dir/lab/dist.sh" >"$scratch/said" 2>&1
}

# tarball DIR
tarball()
{
	echo "$1/build/dist/barlease-$version.tar.xz"
}

# same WORDS FILE FILE
same()
{
	local said

	said=$(cmp "$2" "$3" 2>&1)
	ok $? "$1" "$said"
}

# Every object that kbuild is to make of DIR has its source there.
kbuild_sources()
{
	local object

	grep -ohE '[a-z0-9-]+\.o' "$1/Kbuild" | sort -u |
	while read -r object; do
		case $object in
		barlease-*.o | edu-accel*.o) continue ;;
		esac
		[ -e "$1/${object%.o}.c" ] || echo "$1/${object%.o}.c"
	done
}

here=$scratch/here
there="$scratch/over there/and further"
commit "$here" && commit "$there"
ok $? "all that there is can be committed" "$(cat "$scratch/said" 2>/dev/null)"

pack "$here"
ok $? "a commit is packed" "$(cat "$scratch/said")"
first=$scratch/first
cp "$(tarball "$here")" "$first"
said=$(cat "$scratch/said")
[[ $said == *"$(sha256sum <"$first" | cut -d ' ' -f 1)  barlease-$version.tar.xz"* ]]
ok $? "its checksum is printed" "$said"
pack "$here"
same "a second time, it is the same bytes" "$first" "$(tarball "$here")"

git -C "$there" config tar.umask user
git -C "$there" config core.autocrlf true
find "$there" -name .git -prune -o -type f -exec touch -d '2001-02-03 04:05' {} +
(umask 077 && pack "$there" TZ=Asia/Tokyo LC_ALL=tr_TR.UTF-8 XZ_OPT=-0 HOME=/nonexistent)
same "elsewhere, with another umask, time zone, language, configuration, too" \
	"$first" "$(tarball "$there")"

echo new >"$here/lib/new.c"
! pack "$here"
ok $? "a file that was never committed is refused" "$(cat "$scratch/said")"
said=$(cat "$scratch/said")
[[ $said == *"?? lib/new.c"*"is not committed"* ]]
ok $? "with its name" "$said"
rm "$here/lib/new.c"
echo >>"$here/README.md"
! pack "$here" && grep -q ' M README.md' "$scratch/said"
ok $? "so is one that has changed since" "$(cat "$scratch/said")"

mkdir "$scratch/out"
tar -C "$scratch/out" -xf "$first"
out=$scratch/out/barlease-$version
said=$(diff <(source_files | LC_ALL=C sort) \
	<(cd "$out" && find . -type f -printf '%P\n' | LC_ALL=C sort))
ok $? "it has every file, and no others" "$said"
said=$(tar --numeric-owner -tvf "$first" |
	awk '$1 !~ /^(-rw-r--r--|-rwxr-xr-x|drwxr-xr-x)$/ || $2 != "0/0"')
[ -z "$said" ]
ok $? "all of it is root's, and nobody else's to write to" "$said"

# Not from the clone that this may be in
export GIT_DIR=/nonexistent
said=$(meson setup -Dtests=true "$scratch/user" "$out" 2>&1)
ok $? "meson has all that it builds of it" "$said"
said=$(cd "$out" && for dir in module tests/module accel; do kbuild_sources "$dir"; done)
[ -z "$said" ]
ok $? "so has kbuild" "$said"
said=$("$out/lab/link-tree.sh" module "$scratch/module" 2>&1) &&
	[ "$scratch/module/main.c" -ef "$out/module/main.c" ]
ok $? "the driver's directory is made of it" "$said"
(top=$out && copy_source "$scratch/copy")
said=$(diff -r "$out" "$scratch/copy" -x build)
ok $? "packages are made of what is in it" "$said"
[ "$(top=$out && source_stamp)" = "${GIT_COMMITTER_DATE% *}" ]
ok $? "with the time of the commit" "$(top=$out && source_stamp)"
! pack "$out" && grep -q 'is no clone' "$scratch/said"
ok $? "no tarball is made of a tarball" "$(cat "$scratch/said")"
mkdir "$out/build/user" && said=$(make -C "$out" clean 2>&1) && [ ! -e "$out/build/user" ]
ok $? "what is built of it can be cleaned away" "$said"

[ "$SECONDS" -le "$limit" ]
ok $? "all of that takes $limit seconds at most" "$SECONDS"
tap_done
