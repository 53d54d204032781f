#!/bin/bash
# SPDX-License-Identifier: MIT
# docs/img/top.svg: the guest runs "barlease top" on a terminal (demo/picture.c), and
# what it has written there is drawn (lab/screen.py).
set -euo pipefail
. "$(dirname "$0")/lib.sh"

out=$build/picture
"$top/lab/run-guest.sh" picture >"$out.log" || die "see $out.log"
sed -n 's/^screen //p' "$out/guest.tap" >"$out/screen"
[ -s "$out/screen" ] || die "the guest has sent no screen, see $out.log"
read -r columns lines < <(sed -n 's/^size //p' "$out/guest.tap")
# Debian's, whatever else is in the PATH
/usr/bin/python3 "$top/lab/screen.py" "$columns" "$lines" "barlease top" \
	<"$out/screen" >"$out/top.svg"
mv "$out/top.svg" "$top/docs/img/top.svg"
say PICTURE docs/img/top.svg
