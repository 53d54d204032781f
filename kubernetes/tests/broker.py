#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# barlease-device-plugin with the real broker, from the kubelet's call to a process of
# another user that has nothing but what the kubelet would mount for it. The broker's
# device is one that no host has: it serves all the same, but leases nothing.
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

import grpc

sys.dont_write_bytecode = True
sys.path.insert(0, "@top@/kubernetes/tests")
import tap
import wire
from kubelet import Kubelet
from tap import ok, same

PLUGIN = "@plugin@"
BROKER = "@broker@"
CLI = "@cli@"
CONFIG = """
[broker]
lock-directory = %(root)s

[device 0000:ff:1f.7]

[slice %(group)s]
bar = 2
ranges = 0x1000+0x1000
count = 12
stride = 0x1000
exclusive = yes
users = root

[slice window]
bar = 2
ranges = 32M+16M
users = root
"""
# Of no configuration
USER = "54321"
GROUP = "bell"


def bell(number):
    return "%s-%d" % (GROUP, number)


class Broker:
    def __init__(self, root):
        self.root = root
        self.admin = os.path.join(root, "admin")
        self.config = os.path.join(root, "barleased.conf")
        self.write(GROUP)
        self.process = None

    def write(self, group):
        with open(self.config, "w") as file:
            file.write(CONFIG % {"group": group, "root": self.root})

    def start(self):
        self.process = tap.start(
            [BROKER, "-c", self.config, "--admin", self.admin,
             "--socket", os.path.join(self.root, "socket")],
            stderr=subprocess.DEVNULL)
        for _ in range(1000):
            try:
                self.ask("devices")
                return
            except OSError:
                time.sleep(0.01)
        sys.exit("Bail out! there is no broker")

    def ask(self, request):
        """The lines of the answer, the last one among them"""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self.admin)
            connection.sendall(request.encode() + b"\n")
            lines = []
            for line in connection.makefile():
                lines.append(line.rstrip("\n"))
                if line.split()[0] in ("ok", "error"):
                    break
            return lines

    def grants(self):
        """Slices by name"""
        return {words[1].partition("=")[2]:
                words[3].partition("=")[2].split(",")
                for words in (line.split() for line in self.ask("grants"))
                if words[0] == "grant"}

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def in_container(directory, place, *command, **more):
    """A command of that user's, with a directory mounted for reading as in a container"""
    script = 'mount --bind "$0" "$1" && mount -o remount,bind,ro "$1" && shift && ' \
        "exec setpriv --reuid=%s --regid=%s --clear-groups --bounding-set=-all " \
        '--no-new-privs "$@"' % (USER, USER)
    return tap.start(["unshare", "-m", "sh", "-c", script, directory, place, *command],
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def run(directory, place, *command):
    process = in_container(directory, place, *command)
    said, complaint = process.communicate(timeout=30)
    return process.returncode, said, complaint


def test_list(kubelet):
    resource = kubelet.wait("barlease.local/" + GROUP)
    ok(resource, "the broker's template is a resource")
    ok(kubelet.wait("barlease.local/window"), "as is its other slice")
    ok(resource.wait(lambda devices: list(devices) == [bell(n) for n in range(12)])
       is not None, "the devices are the template's slices")
    ok(resource.wait_health("Unhealthy") is not None,
       "and are unhealthy, for the broker's device is away")
    return resource


def allocate(resource, *ids):
    return wire.allocate_response(resource.call("Allocate",
                                                wire.allocate_request(list(ids))))[0]


def test_grant(broker, resource, place):
    container = allocate(resource, bell(1), bell(3))
    _, directory, _ = container["mounts"][0]
    same(broker.grants(), {"k8s-" + bell(1): [bell(1), bell(3)]},
         "the broker has granted these two slices")
    same(os.listdir(directory), ["socket"], "what is mounted has a socket, and only that")
    ask = [CLI, "slices", "--socket"]
    status, _, complaint = run(broker.root, place, *ask, os.path.join(broker.root, "socket"))
    same(status, 4, "a user whom no configuration names is refused at the broker's socket")
    status, _, complaint = run(directory, place, *ask, place + "/socket")
    if status:
        print("#", complaint)
    same(status, 0, "and welcome at the one that is mounted")
    status, _, _ = run(directory, place, "sh", "-c",
                       'cd "$0" && { rm socket || touch mine || mv socket other; }', place)
    ok(status, "it cannot put something else in its place")
    for way in "ls " + os.path.dirname(directory), "ls " + directory:
        ok(run(directory, place, "sh", "-c", way)[0], "it gets there in no other way")
    return directory


HOLD = """
import socket, sys
held = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
held.connect(sys.argv[1])
held.send(bytes.fromhex("1c0000000100000001000000000000004241524c0100010000000000"))
print(len(held.recv(4096)), flush=True)
while held.recv(4096):
    pass
"""


def hold(directory, place):
    """A process that has a connection by that grant, and ends when it has none"""
    process = in_container(directory, place, sys.executable, "-c", HOLD,
                           place + "/socket")
    if not process.stdout.readline():
        print("#", process.stderr.read())
    return process


def test_again(broker, resource, directory, place):
    other = allocate(resource, bell(5))["mounts"][0][1]
    old = hold(directory, place)
    kept = hold(other, place)
    container = allocate(resource, bell(3))
    same(broker.grants(), {"k8s-" + bell(3): [bell(3)], "k8s-" + bell(5): [bell(5)]},
         "a slice that is allocated again is in the new grant only")
    try:
        same(old.wait(5), 0, "who had a connection by the old one is hung up")
    except subprocess.TimeoutExpired:
        ok(False, "who had a connection by the old one is hung up")
        old.kill()
    ok(kept.poll() is None, "who has another slice is not")
    kept.kill()
    kept.wait()
    ok(not os.path.exists(directory), "and the old directory is gone")
    status, _, _ = run(container["mounts"][0][1], place, CLI, "slices", "--socket",
                       place + "/socket")
    same(status, 0, "the new one is there")


def test_many(broker, resource):
    names = [bell(n) for n in range(12)]
    allocate(resource, *reversed(names))
    same(broker.grants(), {"k8s-" + bell(0): names},
         "a container can have all of them, and nobody else has one then")


def test_reload(broker, kubelet, resource):
    broker.write(GROUP + "new")
    same(broker.ask("reload"), ["ok"], "the broker has another template")
    ok(kubelet.wait("barlease.local/%snew" % GROUP), "which is a new resource")
    ok(resource.wait(lambda devices: not devices) is not None,
       "and the one that is gone has no devices")
    broker.write(GROUP)
    broker.ask("reload")
    ok(resource.wait(lambda devices: len(devices) == 12) is not None,
       "until it is there again")


def test_kill(broker, resource):
    broker.kill()
    try:
        resource.call("Allocate", wire.allocate_request([bell(7)]))
        ok(False, "nothing is allocated while there is no broker")
    except grpc.RpcError as error:
        same(error.code(), grpc.StatusCode.UNAVAILABLE,
             "nothing is allocated while there is no broker")
    broker.start()


def test_all(broker, kubelet, place):
    resource = test_list(kubelet)
    test_reload(broker, kubelet, resource)
    test_kill(broker, resource)
    if broker.ask("grants")[-1] != "ok":
        ok(True, "grants # SKIP this broker makes none")
        return
    directory = test_grant(broker, resource, place)
    test_again(broker, resource, directory, place)
    test_many(broker, resource)
    directory = allocate(resource, bell(9))["mounts"][0][1]
    before = os.stat(directory).st_ino
    test_kill(broker, resource)
    same(broker.grants(), {"k8s-" + bell(9): [bell(9)]},
         "the next broker has the grants of the last one")
    same(os.stat(directory).st_ino, before, "in the directory that is mounted")
    same(run(directory, place, CLI, "slices", "--socket", place + "/socket")[0], 0,
         "and its socket is there")
    allocate(resource, bell(9), bell(10))
    same(broker.grants(), {"k8s-" + bell(9): [bell(9), bell(10)]},
         "which end as well when their slices are allocated")
    for name in broker.grants():
        same(broker.ask("ungrant name=" + name), ["ok leases=0"], "a grant can be ended")


def main():
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        sockets, place = os.path.join(root, "sockets"), os.path.join(root, "mount")
        os.mkdir(sockets)
        os.mkdir(place)
        broker = Broker(root)
        broker.start()
        kubelet = Kubelet(sockets)
        log = tempfile.TemporaryFile("w+")
        plugin = tap.start([PLUGIN, "--socket-dir", sockets, "--admin", broker.admin],
                           stderr=log)
        test_all(broker, kubelet, place)
        plugin.terminate()
        same(plugin.wait(20), 0, "the plugin ends")
        kubelet.kill()
        broker.process.terminate()
        broker.process.wait()
        log.seek(0)
        for line in log.read().splitlines():
            print("#", line)
    tap.done()


main()
