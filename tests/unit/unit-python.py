#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# python/barlease.py with a real server of leases, of a device that is not there; and
# with servers that make no sense
import errno
import os
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, "@top@/python")
import barlease

PAGE = 4096
checks = 0
failures = 0
counting = threading.Lock()     # servers have threads of their own


def ok(good, name):
    global checks, failures

    with counting:
        checks += 1
        failures += not good
        print("%sok %d - %s" % ("" if good else "not ", checks, name),
              flush=True)


def same(got, want, name):
    if got != want:
        print("# got %r, not %r" % (got, want))
    ok(got == want, name)


def raises(name, kind, words, call, *arguments, number=None, **more):
    """The exception that a call ends with, which has these words in it"""
    try:
        print("# returned %r" % (call(*arguments, **more),))
        ok(False, name)
    except Exception as error:
        good = isinstance(error, kind) and words in str(error) and \
            (number is None or error.errno == number)
        if not good:
            print("# %r" % error)
        ok(good, name)


def fds():
    return len(os.listdir("/proc/self/fd"))


class Server:
    """The lender of the tests in C; its leases are files in memory, empty at first"""

    def __init__(self, path):
        self.path = path
        self.process = subprocess.Popen(["@lend@", path, "serve"])
        for _ in range(3000):
            # It is there before anybody listens at it.
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
                if not probe.connect_ex(path):
                    return
            time.sleep(0.01)
        self.stop()
        sys.exit("Bail out! there is no server")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def acquire(client, name, **more):
    lease = client.acquire(name, **more)
    os.ftruncate(lease.fileno(), lease.size)
    return lease


def lists(client):
    slices = {one.name: one for one in client.slices()}
    same(len(slices), 42, "all slices are listed, more than a message has room for")
    same(slices["slice-7"],
         barlease.Slice("slice-7", "group", PAGE, False, True, False, 1, 0, "",
                        0), "a slice is listed as it is")
    same(slices["queue"][-3:], (2, "msix", 64 * PAGE),
         "and one with interrupts and memory")


def accesses(client):
    with acquire(client, "slice-3") as lease:
        for width in (8, 16, 32, 64):
            value = 0x123456789abcdef0 % (1 << width)
            getattr(lease, "write%d" % width)(width, value)
            same(getattr(lease, "read%d" % width)(width), value,
                 "%d bits are read as they were written" % width)
        lease.write(100, b"any bytes")
        same(lease.read(99, 11), b"\0any bytes\0", "so are bytes")
        view = lease.map()
        same(bytes(view[100:109]), b"any bytes", "a view sees them")
        view[200] = 7
        same(lease.read8(200), 7, "and changes them")
        raises("words past the end are not read",
               IndexError, "not in 4096 bytes", lease.read32, PAGE)
        raises("nor before the beginning",
               IndexError, "not in 4096 bytes", lease.read32, -4)
        raises("nor are bytes written there",
               IndexError, "not in 4096 bytes", lease.write, PAGE - 1, b"ab")
        raises("a word is where its width says",
               ValueError, "no multiple of 4", lease.read32, 2)
        raises("a value has as many bits as its word",
               ValueError, "no value of 16 bits", lease.write16, 0, 65536)
        raises("and is not negative",
               ValueError, "no value of 32 bits", lease.write32, 0, -1)
    same(view[200], 7, "a view is there as long as it is used")
    raises("a lease that was released has no file",
           ValueError, "released", lease.fileno)
    lease.release()
    ok(True, "to release twice is no error")


def refuses(client, path):
    with barlease.Client(path) as other, client.acquire("slice-3"):
        raises("a slice that others hold is refused, in the server's words",
               OSError, "slice slice-3: held by others", other.acquire,
               "slice-3", number=errno.EBUSY)
        raises("a slice that is not there is no file",
               FileNotFoundError, "slice nothing: no such slice",
               other.acquire, "nothing")
        raises("nor is such a group",
               FileNotFoundError, "", other.acquire, "nothing", True)
        raises("nothing is no name",
               ValueError, "no slice's name", other.acquire, "")
        raises("nor is what is too long",
               ValueError, "no slice's name", other.acquire, "x" * 64)
        raises("nor is what has blanks",
               ValueError, "no slice's name", other.acquire, "a b")
        same(len(other.slices()), 42, "and then it goes on")
    with acquire(client, "slice-3"):
        ok(True, "what was released can be had again")
    leases = [client.acquire("group", any=True) for _ in range(40)]
    same(len({lease.name for lease in leases}), 40, "each of a group can be had")
    raises("a group of which all are held is busy",
           OSError, "", client.acquire, "group", True, number=errno.EBUSY)
    for lease in leases:
        lease.release()


def waits(client, path):
    lease = client.acquire("slice-3")
    with barlease.Client(path) as other:
        raises("what does not become free in time is waited for in vain",
               TimeoutError, "slice slice-3: it has not become free",
               other.acquire, "slice-3", False, 0.05, number=errno.ETIMEDOUT)
        same(len(other.slices()), 42, "and the connection goes on")
        later = threading.Timer(0.2, lease.release)
        later.start()
        with other.acquire("slice-3", wait=None) as turn:
            later.join()
            same(turn.term, None, "what is given back is the next one's")
            same(turn.renew(60), 60.0, "it can have an end")
            raises("a term of nothing is none",
                   OSError, "a term of nothing", turn.renew, 0,
                   number=errno.EINVAL)
            same(turn.renew(), None, "or none again")
            turn.renew(0.05)
            event = other.event(30)
            same((event.kind, event.lease, event.why),
                 ("revoked", turn, "its time is over"),
                 "and then it is over")


# Here a file that is cut off does what a revoke does: SIGBUS
def revoked(client):
    with acquire(client, "slice-5") as lease:
        lease.write32(0, 1)
        os.ftruncate(lease.fileno(), 0)
        for call in ((lease.read32, 0), (lease.write64, 8, 1),
                     (lease.read, 0, 16), (lease.write, 0, b"abc")):
            raises("%s() of a revoked lease says so" % call[0].__name__,
                   barlease.Revoked, "the lease was revoked", *call,
                   number=errno.ESTALE)


# What the kernel has no room for, it leaves out.
def without_room(client):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(client.fileno())
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
    try:
        client.acquire("slice-9")
        error = None
    except OSError as what:
        error = what.errno
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    same(error, errno.EMFILE, "a lease's file may have no room")
    client.acquire("slice-9").release()
    ok(True, "and then the lease is given back")


def example(path):
    environ = dict(os.environ, PYTHONPATH="@top@/python",
                   PYTHONDONTWRITEBYTECODE="1",
                   LD_LIBRARY_PATH=os.path.dirname("@library@"))
    run = subprocess.run([sys.executable, "@top@/examples/minimal-worker.py",
                          "slice-1", path], env=environ,
                         capture_output=True, text=True, check=False)
    same((run.returncode, run.stderr),
         (1, "[Errno 116] the lease was revoked: 'slice-1'\n"),
         "the example ends when it has lost its lease")


def queue(client):
    lease = client.acquire("queue")
    eventfd = os.eventfd(0)
    lease.set_interrupt(0, eventfd)
    lease.set_interrupt(1, eventfd)
    lease.set_interrupt(0, None)
    ok(True, "vectors get eventfds, and lose them")
    raises("a vector that is not there is refused",
           OSError, "", lease.set_interrupt, 2, eventfd, number=errno.EINVAL)
    with open("/dev/null") as null:
        raises("and a file that is no eventfd",
               OSError, "", lease.set_interrupt, 0, null, number=errno.EINVAL)
    os.close(eventfd)

    memory = barlease.new_memory(65 * PAGE)
    first = lease.map_memory(memory, 0, PAGE)
    second = lease.map_memory(memory, PAGE, PAGE, read_only=True)
    ok(first != second and first % PAGE == 0, "the device finds memory")
    lease.unmap_memory(first)
    raises("what is not mapped is not unmapped",
           FileNotFoundError, "", lease.unmap_memory, first)
    raises("more memory than there may be is refused",
           OSError, "", lease.map_memory, memory, 0, 65 * PAGE,
           number=errno.EDQUOT)
    raises("memory is in whole pages",
           ValueError, "no whole pages", lease.map_memory, memory, 1, PAGE)
    os.close(memory)
    client.close()
    raises("of a client that was closed nothing is unmapped",
           ConnectionError, "has ended", lease.unmap_memory, second)
    same(lease.revoked, "its connection has ended", "its leases have ended")
    lease.release()


def line(client):
    with client.acquire("line") as lease:
        with open(os.eventfd(0), "rb") as eventfd:
            lease.set_interrupt(0, eventfd)
            lease.set_unmask(eventfd)
            lease.set_unmask(None)
        same(lease.interrupt_kind, "intx", "a line has its unmask, and loses it")


def ends(server, client):
    lease = client.acquire("slice-0")
    same(client.event(timeout=0), None, "there is no event")
    threading.Timer(0.2, server.stop).start()
    event = client.event(timeout=30)
    ok(event is not None and event.kind == "revoked" and event.lease is lease,
       "an event says that a lease was revoked")
    same((event.why, lease.revoked), ("the server ends", "the server ends"),
         "and why")
    raises("then the server is gone",
           ConnectionError, "the server is gone", client.event)
    raises("and nothing more is acquired",
           ConnectionError, "has ended", client.acquire, "slice-1")
    lease.release()


def inherits():
    same(barlease.inherited(), None, "nothing is inherited where there is nothing")
    fd = os.memfd_create("lease")
    os.pwrite(fd, b"\x2a" + bytes(PAGE - 1), 0)
    os.environ.update({
        "BARLEASE_FD": str(fd), "BARLEASE_ID": "4", "BARLEASE_NAME": "x",
        "BARLEASE_SIZE": str(PAGE), "BARLEASE_ACCESS": "ro",
        "BARLEASE_MEMATTR": "wc", "BARLEASE_ALIGN": str(PAGE),
        "BARLEASE_PHASE": "0"})
    with barlease.inherited() as lease:
        same((lease.read8(0), lease.write_combining), (42, True),
             "what barlease acquire passes on is a lease")
        raises("a lease for reading is not written to",
               PermissionError, "the lease is read-only", lease.write8, 0, 1)
        raises("nor is a view of it",
               TypeError, "", lease.map().__setitem__, 0, 1)
        raises("its interrupts are another's",
               OSError, "another process's", lease.set_interrupt, 0, None,
               number=errno.EOPNOTSUPP)
    os.close(fd)


# ---- Servers that make no sense --------------------------------------------------

def message(kind, serial, body, length=None, more=0):
    size = 16 + len(body) if length is None else length
    return struct.pack("<IHHII", size, kind, more, serial, 0) + body


WELCOME = message(0x8001, 1, struct.pack("<HHI", 1, 0, 3))


def talk_to(path, *packets, wait=False):
    """A client of one that says this to whatever it hears; what it raises at the end"""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen()

    def serve():
        peer, _ = listener.accept()
        for packet in packets:
            peer.recv(PAGE)
            peer.send(packet)
        if wait:
            peer.recv(PAGE)
            peer.recv(PAGE)
        peer.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with barlease.Client(path, timeout=0.5 if wait else 30) as client:
            client.slices()
    finally:
        thread.join()
        listener.close()
        os.unlink(path)


def nonsense(path):
    error = struct.pack("<II128s", errno.EDQUOT, 0, b"too \033[2J many")
    slices = struct.pack("<IIII", 1, 0, 0, 0)
    packets = {
        "a message of one byte": b"x",
        "one of any bytes": b"y" * 20,
        "the answer to something else": message(0x8001, 2, WELCOME[16:]),
        "a length that is not the packet's":
            message(0x8001, 1, WELCOME[16:], length=20),
        "a flag that nobody knows": message(0x8001, 1, WELCOME[16:], more=1),
        "an answer of another type": message(0x8002, 1, WELCOME[16:]),
        "a welcome without a version": message(0x8001, 1, b""),
        "a version that was not asked for":
            message(0x8001, 1, struct.pack("<HHI", 2, 0, 0)),
        "an event that is too short": message(0x4001, 0, b"1234"),
        "an error that is too short": message(0x8fff, 1, b"short"),
    }
    for name, packet in packets.items():
        raises("%s makes no sense" % name, OSError, "makes no sense", talk_to,
               path, packet, number=errno.EPROTO)
    raises("nor does a list that stops before its end",
           OSError, "makes no sense", talk_to, path, WELCOME,
           message(0x8002, 2, slices), number=errno.EPROTO)
    raises("what a server says before it goes is heard, and is no order to a terminal",
           OSError, "too ?[2J many", talk_to, path, message(0x8fff, 0, error),
           number=errno.EDQUOT)
    raises("a server that goes without a word",
           ConnectionError, "the server is gone", talk_to, path)
    raises("and in the middle",
           ConnectionError, "the server is gone", talk_to, path, WELCOME)
    raises("a server that says nothing is not waited for",
           TimeoutError, "", talk_to, path, WELCOME, wait=True)


LEASE = struct.pack("<IIQIHHQQ64sQ", 7, 0, PAGE, 0, 0, 0, PAGE, 0, b"page", 0)


def pauses(path):
    """A server that pauses the lease that it has given, and resumes it"""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen()
    flags = []

    def serve():
        peer, _ = listener.accept()
        peer.recv(PAGE)
        peer.send(message(0x8001, 1, struct.pack("<HHI", 1, 0, 15)))
        flags.append(struct.unpack_from("<I", peer.recv(PAGE), 16 + 64)[0])
        memory = os.memfd_create("lease")
        socket.send_fds(peer, [message(0x8003, 2, LEASE)], [memory])
        os.close(memory)
        peer.send(message(0x4006, 0, struct.pack("<IIQ", 7, 0, 1500)))
        peer.send(message(0x4006, 0, struct.pack("<IIQ", 8, 0, 0)))
        peer.send(message(0x4007, 0, struct.pack("<II", 7, 0)))
        peer.send(message(0x4006, 0, struct.pack("<IIQ", 7, 0, 0)))
        peer.recv(PAGE)
        peer.close()

    thread = threading.Thread(target=serve)
    thread.start()
    client = barlease.Client(path)
    lease = client.acquire("page", ones=True)
    same(flags, [64], "a lease that is to end in ones is asked for")
    event = client.event(timeout=30)
    same((event.kind, event.lease is lease, event.left), ("paused", True, 1.5),
         "an event says that it is paused, and for how long")
    same(client.event(timeout=30)[:2], ("unpaused", lease), "another one, no more")
    same(client.event(timeout=30)[3], None, "it may not be known for how long")
    client.close()
    thread.join()
    listener.close()


def hears(peer, kind, serial):
    """The body of the next request"""
    data = peer.recv(PAGE)
    same(struct.unpack_from("<IHHII", data)[:4], (len(data), kind, 0, serial),
         "the server hears request %d" % serial)
    return data[16:]


def welcomes(listener, serial, features, token):
    peer, _ = listener.accept()
    same(hears(peer, 1, serial)[8] & 16, 16, "the client can go on with leases")
    peer.send(message(0x8001, serial, struct.pack("<HHI", 1, 0, features)))
    if features & 16:
        peer.send(message(0x4008, 0, token * 16))
    return peer


def answers_rejoin(listener, serial, token, answered, *replies):
    """On the next connection, where a client shows this token"""
    peer = welcomes(listener, serial, 31, b"x")
    same(hears(peer, 0x0b, serial + 1),
         token * 16 + struct.pack("<II", answered, 0),
         "and shows the token that it has been sent last, and its last lease")
    for reply in replies:
        peer.send(reply)
    return peer


def rejoins(path):
    """A server that goes in the middle, and the next one, and one that keeps none"""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen()
    unknown = struct.pack("<II128s", errno.ENOENT, 0, b"no such token")
    one = struct.pack("<II", 1, 0)
    gone = threading.Event()

    def serve():
        peer = welcomes(listener, 1, 31, b"a")
        hears(peer, 3, 2)
        memory = os.memfd_create("lease")
        socket.send_fds(peer, [message(0x8003, 2, LEASE)], [memory])
        os.close(memory)
        hears(peer, 4, 3)
        peer.close()
        # Another one that does not get far
        peer = welcomes(listener, 4, 31, b"x")
        hears(peer, 0x0b, 5)
        peer.close()
        peer = answers_rejoin(listener, 6, b"a", 2,
                              message(0x800b, 7, one),
                              message(0x4008, 0, b"b" * 16))
        same(struct.unpack("<II", hears(peer, 4, 8))[0], 7,
             "what was not given back is given back")
        peer.send(message(0x8004, 8, struct.pack("<II", 7, 0)))
        hears(peer, 2, 9)
        peer.send(message(0x8002, 9, struct.pack("<IIII", 0, 0, 0, 0)))
        peer.close()
        peer = answers_rejoin(listener, 10, b"b", 2,
                              message(0x8fff, 11, unknown))
        same(peer.recv(PAGE), b"", "a client that is not known goes")
        peer.close()
        gone.set()

    thread = threading.Thread(target=serve)
    thread.start()
    client = barlease.Client(path)
    lease = client.acquire("page")
    raises("a connection that is there is not lost",
           OSError, "not lost", client.rejoin, number=errno.EISCONN)
    raises("a server is lost in the middle of a request",
           ConnectionError, "the server is gone", lease.release)
    same(lease.revoked, "", "its leases may go on")
    raises("the next one is lost as well",
           ConnectionError, "the server is gone", client.rejoin)
    client.rejoin()
    same(client.slices(), [], "and another one goes on")
    raises("until it is lost, too",
           ConnectionError, "the server is gone", client.event)
    raises("one that does not know the client ends it",
           OSError, "no such token", client.rejoin, number=errno.ESTALE)
    raises("and it cannot be tried again",
           OSError, "has kept no leases", client.rejoin, number=errno.ESTALE)
    thread.join()
    listener.close()
    same(gone.is_set(), True, "all that was to be said was said")


def stays_away(path):
    """A server that never comes back, and one that keeps nothing"""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen()

    def serve(serial, features):
        welcomes(listener, serial, features, b"a").close()

    def lose(features):
        thread = threading.Thread(target=serve, args=(1, features))
        thread.start()
        client = barlease.Client(path)
        thread.join()
        raises("the server is gone", ConnectionError, "the server is gone",
               client.event)
        return client

    raises("a server that keeps no leases is not gone on with",
           OSError, "has kept no leases", lose(15).rejoin,
           number=errno.ESTALE)
    client = lose(31)
    thread = threading.Thread(target=serve, args=(2, 15))
    thread.start()
    raises("nor is one that keeps none any more",
           OSError, "the server keeps no leases", client.rejoin,
           number=errno.ESTALE)
    thread.join()
    client = lose(31)
    listener.close()
    raises("where nobody listens, it can be tried again",
           ConnectionRefusedError, path, client.rejoin)
    os.unlink(path)
    raises("so it can where there is no file", FileNotFoundError, path,
           client.rejoin)
    client.close()
    raises("a client that was closed has nothing to go on with",
           OSError, "has kept no leases", client.rejoin, number=errno.ESTALE)


def with_server(server, path):
    os.environ["BARLEASE_SOCKET"] = path
    with barlease.Client() as client:
        lists(client)
        accesses(client)
        refuses(client, path)
        waits(client, path)
        revoked(client)
        line(client)
        without_room(client)
        example(path)
    with barlease.Client(path) as client:
        queue(client)
    with barlease.Client(path) as client:
        ends(server, client)


def main():
    barlease.load_library("@library@")
    before = fds()
    with tempfile.TemporaryDirectory() as directory:
        path = directory + "/socket"
        raises("without a server there is no file",
               FileNotFoundError, path, barlease.Client, path)
        server = Server(path)
        try:
            with_server(server, path)
        finally:
            server.stop()
        nonsense(directory + "/nonsense")
        pauses(directory + "/pauses")
        rejoins(directory + "/rejoins")
        stays_away(directory + "/away")
    inherits()
    same(fds(), before, "no file is left open")
    print("1..%d" % checks)
    sys.exit(failures > 0)


main()
