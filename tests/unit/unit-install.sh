#!/bin/bash
# SPDX-License-Identifier: MIT
# "make install" and "make uninstall", below a DESTDIR: what there is to be, is there and
# works; a second time it replaces the first; what is taken away leaves nothing.
set -u

top=@top@
tree=@built@/unit-install
version=@version@
# shellcheck source=tests/unit/tap.sh
. "$top/tests/unit/tap.sh"
# shellcheck source=lab/source.sh
. "$top/lab/source.sh"

# A make that has called this has a machine and a kernel of its own in mind.
unset ARCH KERNEL PAGES USERLAND MAKEFLAGS
DESTDIR=$(mktemp -d)
export DESTDIR PREFIX=/usr/local
trap 'rm -rf "$DESTDIR"' EXIT
prefix=$DESTDIR$PREFIX
list=$prefix/share/barlease/installed
python=/usr/bin/python3
[ -x "$python" ] || python=python3

# lab SCRIPT ARGUMENT...: what it says is in $said
lab()
{
	said=$("$tree/lab/$1" "${@:2}" 2>&1)
}

files()
{
	(cd "$DESTDIR" && find . ! -type d -printf '%P\n' | LC_ALL=C sort)
}

# There is one at least of each.
missing()
{
	local f

	for f in bin/barlease sbin/barleased 'lib/*/libbarlease.so.0' include/barlease.h \
		 include/linux/barlease.h 'lib/*/pkgconfig/libbarlease.pc' \
		 lib/systemd/system/barleased.service lib/sysusers.d/barleased.conf \
		 share/doc/barlease/70-barlease.rules share/man/man1/barlease.1 \
		 share/man/man8/barleased.8 'lib/python3*/*/barlease.py' \
		 share/bash-completion/completions/barlease; do
		[ -n "$(find "$prefix" -path "$prefix/$f" -print -quit)" ] || echo "$f"
	done
}

# So nothing is built a second time that has not changed.
copy_source "$tree"
lab release.sh
ok $? "it is built for $PREFIX" "$said"
lab install.sh install
ok $? "make install" "$said"
said=$(missing)
[ -z "$said" ]
ok $? "nothing is missing" "$said"
said=$(diff <(sed -n 's,^f /,,p' "$list" | LC_ALL=C sort) <(files))
ok $? "all that there is has been written down" "$said"
libs=$(dirname "$(find "$prefix" -name libbarlease.so.0)")
said=$(LD_LIBRARY_PATH=$libs "$prefix/bin/barlease" --version 2>&1)
[ "$said" = "barlease $version" ]
ok $? "barlease runs" "$said"

module=$(find "$prefix" -name barlease.py)
modules=${module%/*}
said=" $("$python" -c 'import site; print(*site.getsitepackages())') "
[[ $said != *" $PREFIX/lib/"* || $said == *" ${modules#"$DESTDIR"} "* ]]
ok $? "the module is where Python looks for it" "$modules, and not one of:$said"
said=$(LD_LIBRARY_PATH=$libs PYTHONPATH=$modules PYTHONDONTWRITEBYTECODE='' "$python" -c \
	'import barlease; print(barlease.load_library(), barlease.__file__)' 2>&1)
[[ $said == *" $module" ]]
ok $? "Python takes it" "$said"
said=$(find "$modules" -name '*.pyc')
[ -n "$said" ]
ok $? "and compiles it"

said=$("$python" "$top/python/where.py" /opt/x)
[[ $said == /opt/x/lib/python3.*/site-packages ]]
ok $? "where Python looks for nothing, it is in the usual place" "$said"

# Of an earlier version, and of somebody else
touch "$prefix/share/barlease/old" "$prefix/share/barlease/mine"
{ cat "$list"; echo "f $PREFIX/share/barlease/old"; } | LC_ALL=C sort -o "$list"
lab install.sh install
ok $? "make install, once more" "$said"
[ ! -e "$prefix/share/barlease/old" ]
ok $? "what the version before had is gone"
! grep -q /old "$list"
ok $? "and not written down any more" "$(cat "$list")"

lab install.sh uninstall
ok $? "make uninstall" "$said"
said=$(files)
[ "$said" = "${PREFIX#/}/share/barlease/mine" ]
ok $? "what somebody else has put there is all that is left" "$said"
rm "$prefix/share/barlease/mine"
! lab install.sh uninstall
ok $? "a second time it is refused" "$said"
[[ $said == *"nothing of PREFIX=$PREFIX is installed"* ]]
ok $? "for there is nothing" "$said"
tap_done
