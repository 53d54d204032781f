#!/bin/bash
# SPDX-License-Identifier: MIT
# kubernetes.sh build|check: build the device plugin in build/kubernetes; and run its tests.
# It is the only program that wants gRPC, so it has a directory of its own, in which
# nothing else is built but what the tests want.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/show.sh"
. "$(dirname "$0")/configure.sh"

dir=$build/kubernetes
tap=$build/check/kubernetes.tap

build()
{
	configure "$dir" -Dkubernetes=enabled -Dlibpci=disabled -Dncurses=disabled
	step NINJA "build/${dir##*/}" ninja -C "$dir" --quiet \
		kubernetes/barlease-device-plugin man/barlease-device-plugin.8 "$@"
}

check()
{
	mkdir -p "${tap%/*}"
	rm -f "$tap"
	say CHECK "tests of the device plugin on this host"
	"$build/lab/runner" -l "$top/lab/timeouts" "$dir"/kubernetes/tests/kubernetes-* \
		</dev/null | tee "$tap" | show_all
	touch "$tap"
	awk -f "$top/lab/tally.awk" "$tap"
}

lock kubernetes
case $1 in
build) build ;;
check)
	build broker/barleased cli/barlease
	check
	;;
*) die "kubernetes.sh build, or check" ;;
esac
