#!/bin/bash
# SPDX-License-Identifier: MIT
# dist.sh [DIR]: what was committed last, as DIR/barlease-VERSION.tar.xz (build/dist).
# One commit makes the same bytes, wherever, whenever and by whom it is packed: names,
# times and modes are the commit's, and nobody's configuration has a say.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/source.sh"

out=$(realpath -m "${1:-$build/dist}")

# Git without what users and machines configure: a tar.umask, ends of lines, attributes
plain_git()
{
	GIT_ATTR_NOSYSTEM=1 git -C "$top" -c tar.umask=0022 \
		-c core.autocrlf=false -c core.attributesFile=/dev/null "$@"
}

# To pack it is one thing, to leave out what is not committed another.
refuse_changes()
{
	local changes

	changes=$(plain_git status --porcelain --untracked-files=all) ||
		die "git does not say what is committed" "see above"
	if [ -z "$changes" ]; then
		return
	fi
	printf '%s\n' "$changes" >&2
	die "what is above is not committed, and would not be in the tarball" \
	    "commit it, or put it away (git stash --include-untracked)"
}

pack()
{
	plain_git archive --format=tar --prefix="barlease-$1/" HEAD |
		env -u XZ_OPT -u XZ_DEFAULTS xz -T1 -9
}

is_clone || die "$top is no clone" "a tarball is made of a commit"
refuse_changes
version=$(project_version "$top")
tarball=$out/barlease-$version.tar.xz
lock dist
mkdir -p "$out"
rm -f "$tarball"
pack "$version" >"$tarball.new"
mv "$tarball.new" "$tarball"
say DIST "${tarball#"$top"/}, of commit $(plain_git log -1 --format=%h)"
(cd "$out" && sha256sum "${tarball##*/}")
