# SPDX-License-Identifier: MIT
"""TAP for the tests that are Python"""
import sys

checks = 0
failures = 0


def ok(good, name):
    global checks, failures

    checks += 1
    failures += not good
    print("%sok %d - %s" % ("" if good else "not ", checks, name), flush=True)


def same(got, want, name):
    if got != want:
        print("# got %r, not %r" % (got, want))
    ok(got == want, name)


def done():
    print("1..%d" % checks)
    sys.exit(failures > 0)
