#!/bin/bash
# SPDX-License-Identifier: MIT
# Make the book of docs/ in build/book/html, and man pages of its how-tos in
# build/book/man. Anything that Sphinx remarks is an
# error, such as a link that leads nowhere or a page that nobody can find.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

out=$build/book
mkdir -p "$out"

# Debian's, whatever else is in the PATH
sphinx()
{
	/usr/bin/sphinx-build -b "$1" -c "$top/docs/book" -d "$out/doctrees" \
		-q -n -W --keep-going "$top" "$out/$1"
}

# The first page is not at the top, where nobody finds it.
front_page()
{
	cat >"$out/html/index.html" <<-HTML
	<!DOCTYPE html>
	<meta charset="utf-8">
	<title>barlease</title>
	<meta http-equiv="refresh" content="0; url=docs/book/README.html">
	<a href="docs/book/README.html">The book</a>
	HTML
}

step SPHINX "build/book/html/index.html" sphinx html
front_page
step SPHINX "build/book/man" sphinx man
