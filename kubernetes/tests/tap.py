# SPDX-License-Identifier: MIT
"""TAP for the tests that are Python, and an end to what they have started"""
import atexit
import subprocess
import sys

checks = 0
failures = 0
started = []


def start(*arguments, **more):
    """A process that does not outlive the test, however that ends"""
    started.append(subprocess.Popen(*arguments, **more))
    return started[-1]


@atexit.register
def end():
    for process in started:
        process.kill()
        process.wait()


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
