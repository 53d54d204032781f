#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Gets a lease, and reads its first word until it is taken back"""
import sys
import time

import barlease

if len(sys.argv) < 2:
    sys.exit("usage: %s SLICE [SOCKET]" % sys.argv[0])
try:
    with barlease.Client(*sys.argv[2:3]) as client:
        with client.acquire(sys.argv[1]) as lease:
            while True:
                print("%#x" % lease.read32(0), flush=True)
                time.sleep(1)
except OSError as error:
    sys.exit(str(error))
