#!/bin/bash
# SPDX-License-Identifier: MIT
# sparse over the kernel modules.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/kbuild.sh"

need make gcc libc6-dev libelf-dev sparse
lint_modules sparse C=2 CHECK=sparse
