#!/bin/bash
# SPDX-License-Identifier: MIT
# check-rust.sh: make bindings of both headers with Debian's bindgen, and run bindgen's
# tests of every struct's layout; then a client in Rust (tests/rust), with the unit tests'
# server here, and with barleased in the guest.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/root.sh"
. "$(dirname "$0")/show.sh"

out=$build/rust
rust=$top/tests/rust
# Debian's, whatever else somebody has at home
bindgen=/usr/bin/bindgen
rustc=/usr/bin/rustc
export BINDINGS=$out/bindings.rs

bind()
{
	"$bindgen" "$rust/barlease.h" -o "$BINDINGS" \
		--allowlist-function '(barlease_.*|free)' \
		--allowlist-type '(barlease_|vfio_.*dma_?buf|vfio_region_dma).*' \
		--allowlist-var '(BARLEASE_|VFIO_DEVICE_(FEATURE|PCI)_DMA_?BUF).*' \
		-- -I "$top/include" -I "$top/include/uapi"
}

# Structs of the headers whose layout bindgen, older or newer, makes no test of
untested()
{
	local name

	sed -n 's/^struct \([a-z_]*\) {$/\1/p' "$top/include/barlease.h" \
		"$top/include/uapi/linux/barlease.h" |
	while read -r name; do
		grep -qE "Size of(: \", stringify!\(| )${name}[])\"]" "$BINDINGS" ||
			echo "$name"
	done
}

# compile OPTION...: a warning is an error, as it is in C.
compile()
{
	"$rustc" --edition 2021 -D warnings "$@"
}

# The guest has no libraries, and what is good enough for it will do here.
compile_client()
{
	compile -C target-feature=+crt-static -C strip=debuginfo \
		-o "$out/client" "$rust/client.rs" \
		-L "$build/user/lib" -l static=barlease
}

# A program for the runner: the client, with the server of a device that is not there
write_host()
{
	cat >"$out/rust-client" <<-HOST
	#!/bin/sh
	socket=$out/socket
	rm -f "\$socket"
	"$build/user/tests/unit/lend" "\$socket" serve &
	for i in 1 2 3 4 5 6 7 8 9 10; do
		[ ! -S "\$socket" ] || break
		sleep 0.2
	done
	"$out/client" "\$socket" slice-3 file
	status=\$?
	kill "\$!"
	exit "\$status"
	HOST
	chmod +x "$out/rust-client"
}

host()
{
	say UNIT "the client, with a server on this host"
	write_host
	"$build/lab/runner" "$out/rust-client" </dev/null |
		tee "$out/host.tap" | show_all
}

# Only this run's guest has it.
in_guest()
{
	rm -rf "$out/root"
	mkdir -p "$out/root/tests" "$out/root/rust"
	cp "$build/user/tests/guest/broker-rust" "$out/root/tests/"
	cp "$out/client" "$out/root/rust/"
	root_pack "$out/root" "$out/own.cpio"
	cat "$guest/initramfs" "$out/own.cpio" >"$out/initramfs"
	OUT=$out/guest INITRAMFS=$out/initramfs \
		"$top/lab/run-guest.sh" check broker-rust ||
		say FAIL "see $out/guest/console.log"
	rm -f "$out/initramfs"
}

[ -z "$foreign" ] || die "\"make check-rust\" is for amd64, not for $userland"
lock check
mkdir -p "$out/guest"
rm -f "$out/host.tap" "$out/guest/guest.tap"
step BINDGEN "tests/rust/barlease.h" bind
[ -z "$(untested)" ] ||
	die "there are no bindings of some structs: $(untested | paste -sd ' ')" \
	    "look at the names that bindgen is told, above"
step RUSTC tests/rust/sys.rs compile --test -o "$out/layouts" "$rust/sys.rs"
step TEST "the structs' layouts, as Rust has them" "$out/layouts"
step RUSTC tests/rust/client.rs compile_client
host
in_guest
touch "$out/host.tap" "$out/guest/guest.tap"
awk -f "$top/lab/tally.awk" "$out/host.tap" "$out/guest/guest.tap"
