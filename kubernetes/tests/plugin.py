#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# barlease-device-plugin between a kubelet and a broker, both of which come and go, with
# every byte of the device plugin's API made and read without the plugin's own .proto.
# The broker's devices are to come and go as a test wants it, and this host has none: so
# what is at its administrator's socket is a stand-in here. The real one is in broker.py.
import os
import signal
import stat
import sys
import tempfile
import time

import grpc

sys.dont_write_bytecode = True
sys.path.insert(0, "@top@/kubernetes/tests")
import tap
import wire
from admin import Admin
from kubelet import Kubelet, clean
from tap import ok, same

NEAR = "0000:03:00.0"       # of NUMA node 1
FAR = "0000:04:00.0"        # of node 0
ODD = "10000:05:00.0"       # of no node
LONG = "long-" + 58 * "x"
DOORBELLS = {"doorbell-%d" % n: ("doorbell", NEAR if n < 6 else FAR) for n in range(12)}


class Plugin:
    def __init__(self, program, *arguments):
        self.log = tempfile.TemporaryFile("w+")
        self.process = tap.start([program, *arguments], stderr=self.log)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def said(self):
        self.log.seek(0)
        return self.log.read()


class Place:
    """Directories of a test, and who is there"""

    def __init__(self, root):
        self.sockets = os.path.join(root, "device-plugins")
        self.sysfs = os.path.join(root, "sys")
        os.mkdir(self.sockets)
        for bdf, node in (NEAR, 1), (FAR, 0), (ODD, -1):
            directory = os.path.join(self.sysfs, "bus/pci/devices", bdf)
            os.makedirs(directory)
            with open(os.path.join(directory, "numa_node"), "w") as file:
                file.write("%d\n" % node)
        self.admin = Admin(os.path.join(root, "admin"), "/run/barlease/grants")
        self.admin.devices = {NEAR: "open", FAR: "open", ODD: "open"}
        self.admin.slices = {"window": ("-", ODD), **DOORBELLS}

    def arguments(self, *more):
        return ["--socket-dir", self.sockets, "--admin", self.admin.path,
                "--sysfs", self.sysfs, *more]

    def socket(self, name):
        return os.path.join(self.sockets, "barlease.local_%s.sock" % name)


def refused(endpoint, method, data, code, name):
    """A call that is an error of that kind"""
    try:
        endpoint.call(method, data)
        ok(False, name)
    except grpc.RpcError as error:
        same(error.code(), code, name)


def test_registration(kubelet):
    doorbell = kubelet.wait("barlease.local/doorbell")
    window = kubelet.wait("barlease.local/window")
    ok(doorbell, "a template of slices is a resource")
    ok(window, "a slice without a template is one, too")
    same(sorted(kubelet.endpoints), ["barlease.local/doorbell", "barlease.local/window"],
         "and there are no others")
    same(doorbell.request["version"], "v1beta1", "it speaks v1beta1")
    same(doorbell.request["endpoint"], "barlease.local_doorbell.sock",
         "its endpoint is the name of a file")
    same(doorbell.request["options"], (False, True),
         "it says that it prefers devices, and prepares none")
    written = [data for data in kubelet.requests if b"window" in data]
    same(written, [b"\x0a\x07v1beta1"
                   b"\x12\x1abarlease.local_window.sock"
                   b"\x1a\x15barlease.local/window"
                   b"\x22\x02\x10\x01"], "a registration is these bytes")
    return doorbell, window


def test_list(place, doorbell, window):
    same(doorbell.call("GetDevicePluginOptions", b""), b"\x10\x01",
         "the options are these bytes")
    window.wait_health("Healthy")
    same(window.raw[-1], b"\x0a\x11\x0a\x06window\x12\x07Healthy",
         "a list of one device without a NUMA node is these bytes")
    doorbell.wait_health("Healthy")
    ok(doorbell.raw[-1].startswith(b"\x0a\x1b\x0a\x0adoorbell-0\x12\x07Healthy"
                                   b"\x1a\x04\x0a\x02\x08\x01"),
       "a device of NUMA node 1 is these bytes")
    same(list(doorbell.devices()), list(DOORBELLS),
         "the devices are the template's slices, by number")
    same({nodes[0] for _, nodes in doorbell.devices().values()}, {0, 1},
         "each has the NUMA node of its PCI device")
    same(stat.S_IMODE(os.stat(place.socket("doorbell")).st_mode) & 0o077, 0,
         "nobody else may connect to the plugin")


def test_allocate(admin, doorbell, window):
    data = doorbell.call("Allocate", wire.allocate_request(["doorbell-3"]))
    answer = wire.allocate_response(data)
    same(answer, [{
        "envs": {
            "BARLEASE_SOCKET": "/run/barlease/doorbell/socket",
            "BARLEASE_SOCKET_DOORBELL": "/run/barlease/doorbell/socket",
            "BARLEASE_SLICES": "doorbell-3",
            "BARLEASE_SLICES_DOORBELL": "doorbell-3",
        },
        "mounts": [("/run/barlease/doorbell", "/run/barlease/grants/k8s-doorbell-3/run", True)],
        "others": [],
    }], "a container has a mount for reading, the environment, and nothing else")
    mount = b"\x0a\x16/run/barlease/doorbell" \
        b"\x12\x27/run/barlease/grants/k8s-doorbell-3/run" \
        b"\x18\x01"
    ok(b"\x12" + bytes([len(mount)]) + mount in data, "a mount is these bytes")
    same(admin.grants, {"k8s-doorbell-3": ["doorbell-3"]},
         "just that slice is granted")

    answer = wire.allocate_response(doorbell.call("Allocate", wire.allocate_request(
        ["doorbell-10", "doorbell-2"], ["doorbell-5"])))
    same([container["mounts"][0][1] for container in answer],
         ["/run/barlease/grants/k8s-doorbell-2/run",
          "/run/barlease/grants/k8s-doorbell-5/run"],
         "two containers have a grant each")
    same(answer[0]["envs"]["BARLEASE_SLICES"], "doorbell-2,doorbell-10",
         "two slices of a container are in one, by number")
    same(admin.grants, {"k8s-doorbell-3": ["doorbell-3"],
                        "k8s-doorbell-2": ["doorbell-2", "doorbell-10"],
                        "k8s-doorbell-5": ["doorbell-5"]},
         "and what others have stays as it is")

    answer = wire.allocate_response(window.call("Allocate",
                                                wire.allocate_request(["window"])))
    same(answer[0]["mounts"][0][0], "/run/barlease/window",
         "another resource is mounted in another place")


def test_again(admin, doorbell):
    admin.grants["mine"] = ["doorbell-2", "doorbell-5"]
    del admin.requests[:]
    doorbell.call("Allocate", wire.allocate_request(["doorbell-10"]))
    orders = [request for request in admin.requests if "grant " in request]
    same(orders, ["ungrant name=k8s-doorbell-2",
                  "grant name=k8s-doorbell-10 slices=doorbell-10"],
         "who had a slice before loses it before the next one has it")
    doorbell.call("Allocate", wire.allocate_request(["doorbell-2"]))
    ok("mine" in admin.grants, "a grant that somebody else has made stays")
    del admin.grants["mine"]


def test_wrong_ids(admin, doorbell):
    invalid = grpc.StatusCode.INVALID_ARGUMENT
    del admin.requests[:]
    before = dict(admin.grants)
    for ids, name in (
            (["doorbell-12"], "an ID that nobody knows is refused"),
            (["window"], "so is one of another resource"),
            (["doorbell"], "so is the template's name"),
            ([""], "so is an empty one"),
            (["doorbell-1,window"], "so is one with a second slice in it"),
            (["doorbell-1 users=0"], "so is one with a second word in it"),
            (["doorbell-1\nungrant name=k8s-window"], "so is one with a second line in it"),
            (["../../etc"], "so is a path"),
            (["doorbell-1\0"], "so is one with a NUL"),
            (["doorbell-1", "doorbell-1"], "so is one that is named twice"),
            ([], "so is a container without any")):
        refused(doorbell, "Allocate", wire.allocate_request(ids), invalid, name)
    refused(doorbell, "Allocate", wire.allocate_request(["doorbell-1"], ["doorbell-1"]),
            invalid, "so is one for two containers")
    refused(doorbell, "Allocate", wire.allocate_request(["doorbell-1"], ["doorbell-99"]),
            invalid, "a container is refused with the one that is wrong")
    refused(doorbell, "Allocate", b"\x0a\xff", grpc.StatusCode.INTERNAL,
            "bytes that are no request are refused")
    same([request for request in admin.requests if "grant" in request], [],
         "and the broker hears nothing of any of them")
    same(admin.grants, before, "no grant has come or gone")


def test_broker_refuses(admin, doorbell):
    unavailable = grpc.StatusCode.UNAVAILABLE
    admin.refused = {"k8s-doorbell-8"}
    refused(doorbell, "Allocate", wire.allocate_request(["doorbell-7"], ["doorbell-8"]),
            unavailable, "what the broker refuses is an error")
    ok("k8s-doorbell-7" not in admin.grants, "and the other container's grant is taken back")
    admin.refused = set()
    for admin.odd_path in "/etc", "/run/barlease/grants/k8s-doorbell-9/run/socket", \
            "/x/../k8s-doorbell-8/run/socket", "k8s-doorbell-8/run/socket", "-":
        refused(doorbell, "Allocate", wire.allocate_request(["doorbell-8"]), unavailable,
                "a grant at %s is not mounted" % admin.odd_path)
    ok("k8s-doorbell-8" not in admin.grants, "and does not stay")
    admin.odd_path = None


def test_preferred(doorbell):
    def ask(available, included, size):
        return wire.preferred_response(doorbell.call(
            "GetPreferredAllocation", wire.preferred_request(available, included, size)))

    every = list(DOORBELLS)
    same(ask(every, [], 2), [["doorbell-0", "doorbell-1"]], "two are of one PCI device")
    same(ask(every[4:], [], 2), [["doorbell-4", "doorbell-5"]],
         "of the one of which least is left over")
    same(ask(every[4:], [], 6), [["doorbell-%d" % n for n in range(6, 12)]],
         "of one that has so many")
    same(ask(every[4:], ["doorbell-5"], 2), [["doorbell-5", "doorbell-4"]],
         "of that of which one has to be")
    same(len(ask(every, [], 12)[0]), 12, "or of both where it cannot be otherwise")
    refused(doorbell, "GetPreferredAllocation",
            wire.preferred_request(every, ["doorbell-5"], 0),
            grpc.StatusCode.INVALID_ARGUMENT, "no fewer than have to be")
    refused(doorbell, "GetPreferredAllocation", wire.preferred_request(["x"], [], 1),
            grpc.StatusCode.INVALID_ARGUMENT, "an ID that nobody knows is not preferred")


def test_pre_start(doorbell):
    same(doorbell.call("PreStartContainer", wire.pre_start_request("doorbell-1")), b"",
         "there is nothing to be done before a container starts")
    refused(doorbell, "PreStartContainer", wire.pre_start_request("window"),
            grpc.StatusCode.INVALID_ARGUMENT, "but an ID that nobody knows is refused")


def soon(seconds, name, limit=1):
    if seconds is not None:
        print("# after %.3f s" % seconds)
    ok(seconds is not None and seconds <= limit, name)


def test_health(admin, doorbell):
    def healthy():
        return {bdf for name, (health, _) in doorbell.devices().items()
                if health == "Healthy" for _, bdf in [DOORBELLS[name]]}

    admin.devices[FAR] = "away why=it_is_gone"
    admin.tell("gone device=" + FAR)
    soon(doorbell.wait(lambda devices: devices["doorbell-6"][0] == "Unhealthy"),
         "slices of a device that goes are unhealthy at once")
    same(healthy(), {NEAR}, "and those of another one are not")
    admin.devices[FAR] = "open"
    admin.tell("back device=" + FAR)
    soon(doorbell.wait_health("Healthy"), "they are healthy at once when it is back")

    lists = len(doorbell.raw)
    admin.tell("suspended device=" + NEAR)
    time.sleep(1)
    admin.tell("resumed device=" + NEAR)
    time.sleep(2)
    same(len(doorbell.raw), lists, "a reset between two holders is nobody's business")
    admin.tell("suspended device=" + NEAR)
    seconds = doorbell.wait(lambda devices: devices["doorbell-0"][0] == "Unhealthy")
    soon(seconds, "a reset without an end is", 4)
    same(healthy(), {FAR}, "and concerns its own slices alone")
    admin.tell("resumed device=" + NEAR)
    soon(doorbell.wait_health("Healthy"), "until it has one")
    same(len(doorbell.raw), lists + 2, "nothing is said twice")


def test_reload(kubelet, admin, doorbell, window):
    admin.slices["frame-0"] = ("frame", NEAR)
    admin.slices["-bad"] = ("-bad", NEAR)
    admin.slices["evil/../name"] = ("doorbell", NEAR)
    del admin.slices["doorbell-11"], admin.slices["window"]
    admin.tell("reloaded")
    ok(kubelet.wait("barlease.local/frame"), "a new template is a new resource")
    soon(doorbell.wait(lambda devices: set(devices) == set(DOORBELLS) - {"doorbell-11"}),
         "a slice that has gone is no device any more")
    soon(window.wait(lambda devices: not devices),
         "a resource whose slices have gone has none")
    ok("barlease.local/-bad" not in kubelet.endpoints,
       "a name that Kubernetes does not have is not offered")
    del admin.slices["-bad"], admin.slices["evil/../name"]
    admin.slices[LONG] = ("-", NEAR)
    admin.slices.update(DOORBELLS, window=("-", ODD))
    admin.tell("reloaded")
    soon(doorbell.wait(lambda devices: set(devices) == set(DOORBELLS)),
         "a slice that comes is one")
    soon(window.wait_health("Healthy"), "as is the first one of a resource")


def test_long(kubelet, admin):
    long = kubelet.wait("barlease.local/" + LONG)
    ok(long, "a name may have 63 characters")
    print("#", long.request["endpoint"])
    answer = wire.allocate_response(long.call("Allocate", wire.allocate_request([LONG])))
    name, = [name for name, slices in admin.grants.items() if slices == [LONG]]
    same((len(name), name[:40]), (57, ("k8s-" + LONG)[:40]),
         "the name of its grant is as long as it may be")
    same(answer[0]["mounts"][0][1], "/run/barlease/grants/%s/run" % name,
         "and that of the mount")
    long.call("Allocate", wire.allocate_request([LONG]))
    same([name for name, slices in admin.grants.items() if slices == [LONG]], [name],
         "it is the same one again")


def test_broker_gone(admin, doorbell):
    admin.stop()
    soon(doorbell.wait_health("Unhealthy"), "all are unhealthy at once without a broker")
    same(set(doorbell.devices()), set(DOORBELLS), "and are there nevertheless")
    refused(doorbell, "Allocate", wire.allocate_request(["doorbell-1"]),
            grpc.StatusCode.UNAVAILABLE, "none can be had then")
    admin.start()
    soon(doorbell.wait_health("Healthy"), "all are healthy when there is one again")
    admin.hangs = True
    soon(doorbell.wait_health("Unhealthy", 30), "a broker that hangs is none", 25)
    admin.hangs = False
    soon(doorbell.wait_health("Healthy", 30), "until it goes on", 25)


def test_kubelet_restarts(place, kubelet, doorbell):
    old = os.stat(place.socket("doorbell")).st_ino
    kubelet.kill()
    clean(place.sockets)
    time.sleep(0.5)
    kubelet = Kubelet(place.sockets)
    start = time.monotonic()
    doorbell = kubelet.wait("barlease.local/doorbell")
    soon(time.monotonic() - start, "a new kubelet hears of the resource", 5)
    soon(doorbell.wait_health("Healthy"), "and of its devices")
    print("# inode %d, then %d" % (old, os.stat(place.socket("doorbell")).st_ino))
    same({name for name in os.listdir(place.sockets) if "long" not in name},
         {"barlease.local_%s.sock" % name for name in ("doorbell", "frame", "window")} |
         {"kubelet.sock"}, "at a socket that is made anew")

    os.unlink(place.socket("doorbell"))
    doorbell = kubelet.wait_again(doorbell)
    ok(doorbell and doorbell.wait_health("Healthy") is not None,
       "a socket that is deleted is made anew, and registered")

    kubelet.kill()
    kubelet = Kubelet(place.sockets)
    doorbell = kubelet.wait("barlease.local/doorbell")
    ok(doorbell and doorbell.wait_health("Healthy") is not None,
       "so is one that is still there when the kubelet is another one")

    kubelet.kill()
    clean(place.sockets)
    time.sleep(0.2)
    kubelet = Kubelet(place.sockets)
    kubelet.refuses = True
    time.sleep(2.5)
    same(kubelet.endpoints, {}, "a kubelet may refuse")
    kubelet.refuses = False
    doorbell = kubelet.wait("barlease.local/doorbell")
    ok(doorbell, "and is asked again")

    doorbell.close()
    again = kubelet.wait_again(doorbell, 30)
    ok(again and again.wait_health("Healthy") is not None,
       "a kubelet that has stopped to watch hears of it again")
    return kubelet, again


def test_directory(place, kubelet):
    kubelet.kill()
    old = place.sockets + ".old"
    os.rename(place.sockets, old)
    time.sleep(0.5)
    os.mkdir(place.sockets)
    kubelet = Kubelet(place.sockets)
    doorbell = kubelet.wait("barlease.local/doorbell", 15)
    ok(doorbell and doorbell.wait_health("Healthy") is not None,
       "even the directory may be another one")
    return kubelet


def test_end(program, place, plugin, kubelet):
    second = Plugin(program, *place.arguments())
    same(second.process.wait(20), 1, "a second plugin does not start")
    ok("somebody else serves it" in second.said(), "and says why")
    grants = dict(place.admin.grants)
    same(plugin.end(), 0, "SIGTERM ends it")
    same(os.listdir(place.sockets), ["kubelet.sock"], "its sockets are gone")
    same(place.admin.grants, grants, "and what is granted stays")
    kubelet.kill()


def test_restart(program, place):
    """A plugin that knows nothing of what the one before has granted"""
    clean(place.sockets)
    kubelet = Kubelet(place.sockets)
    del place.admin.requests[:]
    place.admin.grants["k8s-doorbell-2"] = ["doorbell-2", "doorbell-3"]
    plugin = Plugin(program, *place.arguments("--domain=example.com", "--group",
                                              "doorbell=bell.v2"))
    bell = kubelet.wait("example.com/bell.v2")
    ok(bell, "a resource can have a name and a domain of its own")
    same(list(kubelet.endpoints), ["example.com/bell.v2"],
         "what is not named then is not offered")
    answer = wire.allocate_response(bell.call("Allocate",
                                              wire.allocate_request(["doorbell-3"])))
    same(answer[0]["mounts"], [("/run/barlease/bell.v2",
                                "/run/barlease/grants/k8s-doorbell-3/run", True)],
         "the name is that of the mount")
    same(answer[0]["envs"]["BARLEASE_SOCKET_BELL_V2"], "/run/barlease/bell.v2/socket",
         "and of a variable")
    ok("k8s-doorbell-2" not in place.admin.grants,
       "what another plugin has granted of a slice ends as well")
    plugin.end()
    kubelet.kill()


def test_command_line(program):
    for arguments, name in (
            (["--group=a/b"], "a group with a slash"),
            (["--group=a b"], "one with a space"),
            (["--group=a=-b"], "a resource that begins with a hyphen"),
            (["--group=a=b_c", "--group=d=b-c"], "two resources with one variable"),
            (["--domain=Example.com"], "a domain in capitals"),
            (["--domain=../etc"], "a domain that is a path"),
            (["--domain=a..b"], "a domain with an empty label"),
            (["--unknown"], "an option that nobody knows"),
            (["word"], "a word too many")):
        same(Plugin(program, *arguments).process.wait(20), 2,
             name + " is wrong")


def test_no_kubelet(program, place):
    """Started before there is anything else"""
    clean(place.sockets)
    place.admin.stop()
    plugin = Plugin(program, *place.arguments("--group=doorbell"))
    time.sleep(1)
    kubelet = Kubelet(place.sockets)
    doorbell = kubelet.wait("barlease.local/doorbell")
    ok(doorbell and doorbell.wait(lambda devices: not devices) is not None,
       "a resource that is named is there before a broker is")
    place.admin.start()
    soon(doorbell.wait_health("Healthy"), "and has its devices as soon as there is one")
    same(plugin.end(), 0, "and ends")
    kubelet.kill()


def main():
    program = "@plugin@"
    with tempfile.TemporaryDirectory() as root:
        place = Place(root)
        place.admin.start()
        kubelet = Kubelet(place.sockets)
        plugin = Plugin(program, *place.arguments())
        doorbell, window = test_registration(kubelet)
        test_list(place, doorbell, window)
        test_allocate(place.admin, doorbell, window)
        test_again(place.admin, doorbell)
        test_wrong_ids(place.admin, doorbell)
        test_broker_refuses(place.admin, doorbell)
        test_preferred(doorbell)
        test_pre_start(doorbell)
        test_health(place.admin, doorbell)
        test_reload(kubelet, place.admin, doorbell, window)
        test_long(kubelet, place.admin)
        test_broker_gone(place.admin, doorbell)
        kubelet, doorbell = test_kubelet_restarts(place, kubelet, doorbell)
        kubelet = test_directory(place, kubelet)
        test_end(program, place, plugin, kubelet)
        for line in plugin.said().splitlines():
            print("#", line)
        test_restart(program, place)
        test_no_kubelet(program, place)
        test_command_line(program)
    tap.done()


main()
