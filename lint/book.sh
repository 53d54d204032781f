#!/bin/bash
# SPDX-License-Identifier: MIT
# The book, with whatever Sphinx remarks as an error: a link to nowhere, a page that
# is in no list, a name that it cannot colour.
set -eu
. "$(dirname "$0")/lib.sh"

pages=$(files '*.md')
key=$(files '*.md' 'docs/*' lab/book.sh | fingerprint book)
if ! unchanged book "$key"; then
	need python3-sphinx python3-myst-parser
	"$top/lab/book.sh" || lint_fail Sphinx
	passed book "$key"
fi
lint_say book "$(count <<<"$pages")"
