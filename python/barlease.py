# SPDX-License-Identifier: MIT
# Copyright (C) 2026 The barlease authors
"""Leases of slices of PCI BARs, from barleased or whoever else vends them.

    import barlease

    with barlease.Client() as client:
        for one in client.slices():
            print(one.name, one.size)
        with client.acquire("doorbell") as lease:
            lease.write32(0x10, 1)      # Revoked, if somebody has taken it back
            status = lease.read32(0x14)

The language of barlease-protocol(7), in Python alone. What reads and writes the
registers themselves is libbarlease, where it is installed, so that a revoke is an
exception and not the end of the program by SIGBUS. Without it there is Lease.map(),
which is memory as any other until it is revoked.

What goes wrong is an OSError with the server's words in it, or one of its kinds:
PermissionError, FileNotFoundError (no such slice), Revoked, TimeoutError,
ConnectionError (the server is gone, and all leases with it, unless Client.rejoin() can
go on with them).

Nothing here is to be called by two threads at once for the same client. A client and
its leases are of the process that has made them, and end with it.
"""

import collections
import ctypes
import errno
import fcntl
import mmap
import os
import re
import select
import socket
import struct
import time

__all__ = ["Client", "Lease", "Slice", "Event", "Revoked", "inherited",
           "load_library", "new_memory"]

SOCKET = "/run/barlease/socket"

# Seconds that an answer may take, as in libbarlease
TIMEOUT = 30

_MAGIC = 0x4c524142     # "BARL"
_VERSION = 1
_PACKET = 4096
_NAME = 64
_PAGE = 4096           # the least that there is

# What is known beyond version 1
_MORE_REASONS = 1
_QUEUES = 2
_TERMS = 4
_PAUSES = 8
_KEEPS = 16

_HELLO = 0x0001
_LIST = 0x0002
_ACQUIRE = 0x0003
_RELEASE = 0x0004
_INTERRUPT = 0x0005
_MAP = 0x0006
_UNMAP = 0x0007
_RENEW = 0x0008
_REJOIN = 0x000b
_REPLY = 0x8000
_EVENT = 0x4000
_REVOKED = 0x4001
_SUSPENDED = 0x4002
_RESUMED = 0x4003
_REVOKING = 0x4004
_PAUSED = 0x4006
_UNPAUSED = 0x4007
_TOKEN = 0x4008
_ERROR = 0x8fff

_READ_ONLY = 1
_EXCLUSIVE = 2
_ANY = 4
_ONES = 64
_NOBODY = 1
_UNMASK = 2
_ANY_NUMBER = 0xffffffff
_FOREVER = 0xffffffff
_AS_LONG_AS_MAY_BE = 0xffffffffffffffff

_header = struct.Struct("<IHHII")
_hello = struct.Struct("<IHHI")
_welcome = struct.Struct("<HHI")
_list = struct.Struct("<II")
_slices = struct.Struct("<IIII")
_slice = struct.Struct("<64s64sQIIIHHQ")
_acquire = struct.Struct("<64sII")
_lease = struct.Struct("<IIQIHHQQ64sQ")
_term = struct.Struct("<Q")
_renewed = struct.Struct("<IIQ")
_revoking = struct.Struct("<IIQ")
_paused = struct.Struct("<IIQ")
_id = struct.Struct("<II")
_interrupt = struct.Struct("<IIII")
_map = struct.Struct("<IIQQ")
_piece = struct.Struct("<IIQ")
_rejoin = struct.Struct("<16sII")
_token = struct.Struct("<16s")
_error = struct.Struct("<II128s")

_KINDS = ("", "intx", "msi", "msix")
_REASONS = {
    2: "somebody ordered it",
    3: "it is no longer allowed, or no longer there",
    4: "the server ends",
    5: "its device is gone",
    6: "its time is over",
}

Slice = collections.namedtuple("Slice", (
    "name", "group", "size", "read_only", "exclusive", "write_combining",
    "free", "interrupts", "interrupt_kind", "dma"))
Slice.__doc__ = """A slice that this client may have.

name, group: texts; group is "" where it is in none
size: in bytes
read_only, exclusive, write_combining: as it is configured
free: how many more leases of it there can be now; None for any number
interrupts, interrupt_kind: how many vectors go with it, and of which kind: "intx",
    "msi", "msix", or "" for none
dma: how many bytes of memory the device may be let reach
"""

Event = collections.namedtuple("Event", ("kind", "lease", "why", "left"),
                               defaults=(None,))
Event.__doc__ = """Something that the server has said unasked.

kind: "revoking", it will be; "revoked"; "paused", accesses to it wait; "unpaused";
    "suspended", the device is reset and all accesses wait; "resumed"
lease: which one, or None
why: for a person
left: seconds until a lease is revoked, or goes on; or None
"""


class Revoked(OSError):
    """The lease was revoked, and reaches nothing any more."""


def _revoked(name):
    return Revoked(errno.ESTALE, "the lease was revoked", name)


def _broken():
    return OSError(errno.EPROTO, "the server's answer makes no sense")


# ---- libbarlease -------------------------------------------------------------

class _Alignment(ctypes.Structure):
    _fields_ = [("align", ctypes.c_uint64), ("phase", ctypes.c_uint64)]


_WORDS = {8: ctypes.c_uint8, 16: ctypes.c_uint16, 32: ctypes.c_uint32,
          64: ctypes.c_uint64}
_library = None


def _declare(library):
    pointer = ctypes.c_void_p
    library.barlease_map.argtypes = [
        ctypes.c_int, ctypes.c_uint64, ctypes.c_size_t, ctypes.c_uint,
        ctypes.POINTER(_Alignment), ctypes.POINTER(pointer)]
    library.barlease_unmap.argtypes = [pointer, ctypes.c_size_t]
    library.barlease_copy_from.argtypes = [pointer, pointer, ctypes.c_size_t]
    library.barlease_copy_to.argtypes = [pointer, pointer, ctypes.c_size_t]
    for width, word in _WORDS.items():
        read = getattr(library, "barlease_read%d" % width)
        read.argtypes = [pointer, ctypes.POINTER(word)]
        write = getattr(library, "barlease_write%d" % width)
        write.argtypes = [pointer, word]


def load_library(path="libbarlease.so.0"):
    """Use the libbarlease at this path for reads and writes.

    Called by itself, with the system's, at the first of them.
    """
    global _library
    library = ctypes.CDLL(path)
    _declare(library)
    _library = library
    return library


def _guard():
    return _library or load_library()


def _check(ret, name):
    if ret == -errno.ESTALE or ret == -errno.ENODEV:
        raise _revoked(name)
    if ret < 0:
        raise OSError(-ret, os.strerror(-ret), name)


# ---- Texts and names -----------------------------------------------------------

def _name(text):
    if not re.fullmatch("[A-Za-z0-9._-]{1,%d}" % (_NAME - 1), text):
        raise ValueError("%r is no slice's name" % text)
    return text.encode("ascii")


def _text(data):
    """Up to its NUL, with nothing that a terminal takes for an order."""
    text = data.split(b"\0", 1)[0].decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "?" for c in text)


def _kind(number):
    if number >= len(_KINDS):
        raise _broken()
    return _KINDS[number]


# ---- Leases --------------------------------------------------------------------

class Lease:
    """Bytes of a device, for as long as nobody takes them back.

    It is a context manager, which releases it. Its attributes: name, id, size,
    read_only, exclusive, write_combining, interrupts, interrupt_kind, dma as of
    Slice; fd, its DMABUF; revoked, why it was, or "" for what the client has heard;
    term, seconds that it lasts unless it is renewed, or None.
    """

    def __init__(self, client, fd, **attributes):
        self._client = client
        self._mmap = None
        self._address = None
        self.fd = fd
        self.revoked = ""
        self.id = attributes["id"]
        self.name = attributes["name"]
        self.size = attributes["size"]
        self.read_only = attributes["read_only"]
        self.exclusive = attributes["exclusive"]
        self.write_combining = attributes["write_combining"]
        self.interrupts = attributes["interrupts"]
        self.interrupt_kind = attributes["interrupt_kind"]
        self.dma = attributes["dma"]
        self.term = attributes.get("term")
        self._alignment = _Alignment(attributes["align"], attributes["phase"])

    def __repr__(self):
        return "<barlease.Lease %s of %s, %d bytes%s>" % (
            self.id, self.name, self.size,
            ", revoked" if self.revoked else
            ", released" if self.fd < 0 else "")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        try:
            self.release()
        except ConnectionError:
            pass        # It has ended with the connection.

    def __del__(self):
        if getattr(self, "fd", -1) >= 0:
            self._drop()

    def fileno(self):
        """Its DMABUF's file descriptor, which stays the lease's."""
        if self.fd < 0:
            raise ValueError("the lease was released")
        return self.fd

    # -- The registers --

    def map(self):
        """All of it as a memoryview, which is read-only where the lease is.

        An access after a revoke ends the program by SIGBUS. An access is as wide as
        Python makes it: for registers, there are read32() and the like. As long as
        the view is there, so is the mapping, also after release().
        """
        if self._mmap is None:
            prot = mmap.PROT_READ
            if not self.read_only:
                prot |= mmap.PROT_WRITE
            try:
                self._mmap = mmap.mmap(self.fileno(), self.size,
                                       flags=mmap.MAP_SHARED, prot=prot)
            except OSError as error:
                if error.errno == errno.ENODEV:
                    raise _revoked(self.name) from None
                raise
        return memoryview(self._mmap)

    def _guarded(self):
        """Where libbarlease has mapped it."""
        if self._address is None:
            address = ctypes.c_void_p()
            _check(_guard().barlease_map(
                self.fileno(), 0, self.size,
                _READ_ONLY if self.read_only else 0,
                ctypes.byref(self._alignment), ctypes.byref(address)),
                self.name)
            self._address = address.value
        return self._address

    def _at(self, offset, size, writes):
        """The address of bytes that are in it."""
        if offset < 0 or size < 0 or offset + size > self.size:
            raise IndexError("%d bytes at %#x are not in %d bytes" %
                             (size, offset, self.size))
        if writes and self.read_only:
            raise PermissionError(errno.EACCES, "the lease is read-only",
                                  self.name)
        return self._guarded() + offset

    def _word_at(self, offset, width, writes):
        if offset % (width // 8):
            raise ValueError("offset %#x is no multiple of %d" %
                             (offset, width // 8))
        return self._at(offset, width // 8, writes)

    def _read(self, width, offset):
        value = _WORDS[width]()
        at = self._word_at(offset, width, False)
        _check(getattr(_guard(), "barlease_read%d" % width)(
            at, ctypes.byref(value)), self.name)
        return value.value

    def _write(self, width, offset, value):
        if not 0 <= value < 1 << width:
            raise ValueError("%#x is no value of %d bits" % (value, width))
        at = self._word_at(offset, width, True)
        _check(getattr(_guard(), "barlease_write%d" % width)(at, value),
               self.name)

    def read8(self, offset):
        """One access of 8 bits. Raises Revoked."""
        return self._read(8, offset)

    def read16(self, offset):
        """One access of 16 bits. Raises Revoked."""
        return self._read(16, offset)

    def read32(self, offset):
        """One access of 32 bits. Raises Revoked."""
        return self._read(32, offset)

    def read64(self, offset):
        """One access of 64 bits. Raises Revoked."""
        return self._read(64, offset)

    def write8(self, offset, value):
        """One access of 8 bits. Raises Revoked."""
        self._write(8, offset, value)

    def write16(self, offset, value):
        """One access of 16 bits. Raises Revoked."""
        self._write(16, offset, value)

    def write32(self, offset, value):
        """One access of 32 bits. Raises Revoked."""
        self._write(32, offset, value)

    def write64(self, offset, value):
        """One access of 64 bits. Raises Revoked."""
        self._write(64, offset, value)

    def read(self, offset, size):
        """That many bytes, by accesses of any width. Raises Revoked."""
        data = ctypes.create_string_buffer(size or 1)
        at = self._at(offset, size, False)
        _check(_guard().barlease_copy_from(data, at, size), self.name)
        return data.raw[:size]

    def write(self, offset, data):
        """These bytes, by accesses of any width. Raises Revoked."""
        data = bytes(data)
        at = self._at(offset, len(data), True)
        _check(_guard().barlease_copy_to(at, data, len(data)), self.name)

    # -- Interrupts and memory --

    def _request(self, *request, **more):
        if self._client is None:
            raise OSError(errno.EOPNOTSUPP, "the lease is another process's",
                          self.name)
        return self._client._ask(*request, **more)

    def set_interrupt(self, vector, eventfd):
        """Have the kernel signal an eventfd at each interrupt of a vector.

        Vectors are counted from 0. With None, nobody is told of it any more.
        """
        flags = _NOBODY if eventfd is None else 0
        self._request(_INTERRUPT,
                      _interrupt.pack(self.id, vector, flags, 0), _interrupt,
                      fd=eventfd)

    def set_unmask(self, eventfd):
        """Have an eventfd unmask an INTx when it is written to. None: no more."""
        flags = _UNMASK | (_NOBODY if eventfd is None else 0)
        self._request(_INTERRUPT, _interrupt.pack(self.id, 0, flags, 0),
                      _interrupt, fd=eventfd)

    def map_memory(self, memory, offset, length, read_only=False):
        """Let the device reach a part of a memfd, in whole pages without holes.

        The memfd is sealed against shrinking, see new_memory(). Returns at which
        address the device finds it.
        """
        if offset % _PAGE or length % _PAGE or offset < 0 or length <= 0:
            raise ValueError("%d bytes at %d are no whole pages" %
                             (length, offset))
        flags = _READ_ONLY if read_only else 0
        body, _ = self._request(_MAP,
                                _map.pack(self.id, flags, offset, length),
                                _piece, fd=memory)
        return _piece.unpack(body)[2]

    def unmap_memory(self, address):
        """When this is over, the device reaches that part no more."""
        self._request(_UNMAP, _piece.pack(self.id, 0, address), _piece)

    # -- Its end --

    def renew(self, seconds=None):
        """Have it last for so long from now on; None: as long as may be.

        Returns how long that is; None: it has no end of its own. Raises an OSError of
        EINVAL where it is longer than may be, of EBUSY where others wait for it.
        """
        wanted = _AS_LONG_AS_MAY_BE if seconds is None else int(seconds * 1000)
        body, _ = self._request(_RENEW, _renewed.pack(self.id, 0, wanted),
                                _renewed)
        left = _renewed.unpack(body)[2]
        self.term = left / 1000 if left else None
        return self.term

    def _drop(self):
        if self._address is not None:
            _guard().barlease_unmap(self._address, self.size)
            self._address = None
        if self._mmap is not None:
            try:
                self._mmap.close()
            except BufferError:
                pass    # It goes with the last view of it.
            self._mmap = None
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def release(self):
        """Give it back. It may have been revoked; and again is no error."""
        if self.fd < 0:
            return
        self._drop()
        if self._client is None:
            return
        self._client._leases.pop(self.id, None)
        if self.revoked:
            return
        self._client._give_back(self.id)


def new_memory(size):
    """A memfd for Lease.map_memory(): so many bytes that are there, and stay.

    Returns its file descriptor, which is the caller's.
    """
    fd = os.memfd_create("barlease", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.posix_fallocate(fd, 0, size)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
    except BaseException:
        os.close(fd)
        raise
    return fd


def inherited():
    """The lease that "barlease acquire" has started this program with.

    Interrupts and memory are that program's to ask for, and so is the end of it. None
    where there is none.
    """
    number = os.environ.get("BARLEASE_FD")
    if number is None:
        return None
    fd = fcntl.fcntl(int(number), fcntl.F_DUPFD_CLOEXEC, 3)
    return Lease(None, fd, id=int(os.environ["BARLEASE_ID"]),
                 name=os.environ["BARLEASE_NAME"],
                 size=int(os.environ["BARLEASE_SIZE"]),
                 read_only=os.environ["BARLEASE_ACCESS"] != "rw",
                 exclusive=False,
                 write_combining=os.environ["BARLEASE_MEMATTR"] == "wc",
                 interrupts=0, interrupt_kind="", dma=0,
                 align=int(os.environ["BARLEASE_ALIGN"]),
                 phase=int(os.environ["BARLEASE_PHASE"]))


# ---- The connection --------------------------------------------------------------

def _new_socket():
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)


class Client:
    """A connection to whoever vends slices. Its leases end with it.

    path: of the socket; by itself $BARLEASE_SOCKET, or barleased's
    timeout: seconds that an answer may take; None for any time. One that takes
        longer raises TimeoutError, and ends the connection.
    """

    def __init__(self, path=None, timeout=TIMEOUT):
        self._leases = {}
        self._owed = []         # numbers of leases that are to be given back
        self._events = collections.deque()
        self._serial = 0
        self._answered = 0      # by the last lease
        self._token = None
        self._path = path or os.environ.get("BARLEASE_SOCKET") or SOCKET
        self._timeout = timeout
        self._socket = _new_socket()
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    def _connect(self):
        self._socket.settimeout(self._timeout)
        try:
            self._socket.connect(self._path)
        except OSError as error:
            if error.errno is None:
                raise
            raise OSError(error.errno, os.strerror(error.errno),
                          self._path) from None
        self._greet()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.close()

    def close(self):
        """End the connection, and all leases with it."""
        self._socket.close()
        self._token = None
        self._owed.clear()
        for lease in list(self._leases.values()):
            lease.revoked = lease.revoked or "its connection has ended"
        self._leases.clear()

    def _end(self, error):
        """It is of no use any more. A server that is gone may come again."""
        if self._token is not None and isinstance(error, ConnectionError):
            self._socket.close()
        else:
            self.close()

    def rejoin(self):
        """Connect again after a ConnectionError, and go on with all leases.

        It is of use with a server whose leases outlive it: they go on as if nothing had
        been. What was asked meanwhile may have been done or not, but a lease that has
        not come is none. fileno() is another one afterwards.

        Raises an OSError of ESTALE where the server does not know this client any more,
        or keeps no leases: they are over, and the client is closed; of EISCONN where
        nothing was lost. After any other it can be tried again, as for some seconds
        while there is no file, or nobody listens at it.
        """
        if self._socket.fileno() >= 0:
            raise OSError(errno.EISCONN, "the connection is not lost")
        token = self._token
        try:
            if token is None:
                raise OSError(errno.ESTALE, "the server has kept no leases")
            self._socket = _new_socket()
            self._connect()
            self._show(token)
        except BaseException as error:
            self._socket.close()
            self._token = token
            if isinstance(error, OSError) and error.errno == errno.ESTALE:
                self.close()
            raise
        while self._owed:
            self._give_back(self._owed.pop())

    def _show(self, token):
        if not self._features & _KEEPS:
            raise OSError(errno.ESTALE, "the server keeps no leases")
        try:
            self._talk(_REJOIN, _rejoin.pack(token, self._answered, 0), _id)
        except FileNotFoundError as error:
            raise OSError(errno.ESTALE, error.strerror) from None

    def fileno(self):
        """For select() and the like: readable when event() has something."""
        return self._socket.fileno()

    # -- Packets --

    def _send(self, kind, body, fd):
        self._serial = self._serial % 0xffffffff + 1
        data = _header.pack(_header.size + len(body), kind, 0, self._serial, 0)
        rights = []
        if fd is not None:
            fd = fd if isinstance(fd, int) else fd.fileno()
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                       struct.pack("i", fd))]
        try:
            self._socket.sendmsg([data + body], rights, socket.MSG_NOSIGNAL)
        except (BrokenPipeError, ConnectionResetError):
            pass        # Why, it may have said before it went.
        return self._serial

    def _packet(self):
        """One as it comes. Of a server that goes, what it sent last may come third."""
        for _ in range(2):
            try:
                return self._socket.recvmsg(_PACKET, socket.CMSG_SPACE(4 * 8),
                                            socket.MSG_CMSG_CLOEXEC)
            except ConnectionResetError:
                continue
        return self._socket.recvmsg(_PACKET, socket.CMSG_SPACE(4 * 8),
                                    socket.MSG_CMSG_CLOEXEC)

    def _receive(self):
        """The next message: its type, serial, body, and fds, which are the caller's.

        A LEASE has none where this process has no room for it.
        """
        data, ancillary, flags, _ = self._packet()
        fds = []
        for level, kind, rights in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                count = len(rights) // 4
                fds += struct.unpack("%di" % count, rights[:count * 4])
        try:
            if not data:
                raise ConnectionResetError(errno.ECONNRESET,
                                           "the server is gone")
            if len(data) < _header.size or flags & socket.MSG_TRUNC:
                raise _broken()
            length, kind, more, serial, reserved = _header.unpack_from(data)
            if length != len(data) or more or reserved:
                raise _broken()
            wanted = 1 if kind == _ACQUIRE | _REPLY else 0
            lost = wanted and flags & socket.MSG_CTRUNC
            if len(fds) != wanted and not lost:
                raise _broken()
        except BaseException:
            for fd in fds:
                os.close(fd)
            raise
        return kind, serial, data[_header.size:], fds

    def _tell_of(self, what, number, why, left=None):
        lease = self._leases.get(number)
        if lease is not None:
            self._events.append(Event(what, lease, why, left))

    def _take(self, kind, body):
        """An event; one that is not known is passed over."""
        if kind == _REVOKED and len(body) == _id.size:
            number, reason = _id.unpack(body)
            lease = self._leases.pop(number, None)
            why = _REASONS.get(reason, "it is not known why")
            if lease is not None:
                lease.revoked = why
                self._events.append(Event("revoked", lease, why))
        elif kind == _SUSPENDED and len(body) == _list.size:
            self._events.append(Event("suspended", None,
                                      "the device is reset, accesses wait"))
        elif kind == _RESUMED and len(body) == _list.size:
            self._events.append(Event("resumed", None, "the reset is over"))
        elif kind == _REVOKING and len(body) == _revoking.size:
            number, reason, left = _revoking.unpack(body)
            self._tell_of("revoking", number,
                          _REASONS.get(reason, "it is not known why"),
                          left / 1000)
        elif kind == _PAUSED and len(body) == _paused.size:
            number, _, left = _paused.unpack(body)
            self._tell_of("paused", number, "accesses wait",
                          left / 1000 if left else None)
        elif kind == _UNPAUSED and len(body) == _id.size:
            self._tell_of("unpaused", _id.unpack(body)[0], "accesses go on")
        elif kind == _TOKEN and len(body) == _token.size:
            self._token = body
        elif kind in (_REVOKED, _SUSPENDED, _RESUMED, _REVOKING, _PAUSED,
                      _UNPAUSED, _TOKEN):
            raise _broken()

    def _refuse(self, body):
        """Raises what an ERROR says."""
        if len(body) != _error.size:
            raise _broken()
        number, _, text = _error.unpack(body)
        raise OSError(number, _text(text) or os.strerror(number))

    def _reply(self, kind, serial, size):
        while True:
            got, number, body, fds = self._receive()
            if got & _EVENT and not got & _REPLY:
                self._take(got, body)
                continue
            if got == _ERROR and number in (serial, 0):
                self._refuse(body)
            bad = got != kind | _REPLY or number != serial or \
                (size is not None and len(body) != size)
            if bad:
                for fd in fds:
                    os.close(fd)
                raise _broken()
            return body, fds

    def _talk(self, kind, body, reply, fd=None, patience=0):
        """A request, and its reply: the body and the fds of that.

        reply: the struct that the body is; None for one of another length
        patience: seconds that it may take beyond the time-out; None for any time
        """
        if self._socket.fileno() < 0:
            raise ConnectionResetError(errno.ECONNRESET,
                                       "the connection has ended")
        self._socket.settimeout(
            None if self._timeout is None or patience is None
            else self._timeout + patience)
        serial = self._send(kind, body, fd)
        return self._reply(kind, serial, reply.size if reply else None)

    def _ask(self, *request, **more):
        """The same; who makes no sense, or is silent, is not asked again."""
        try:
            return self._talk(*request, **more)
        except (ConnectionError, TimeoutError, socket.timeout) as error:
            # What comes late would be taken for the answer to something else. That a
            # lease has not become free in time, the server has said.
            if error.errno != errno.ETIMEDOUT:
                self._end(error)
            raise
        except OSError as error:
            if error.errno == errno.EPROTO:
                self.close()
            raise

    # -- Requests --

    def _greet(self):
        body, _ = self._talk(_HELLO,
                             _hello.pack(_MAGIC, _VERSION, _VERSION,
                                         _MORE_REASONS | _QUEUES | _TERMS |
                                         _PAUSES | _KEEPS),
                             _welcome)
        version, _, self._features = _welcome.unpack(body)
        if version != _VERSION:
            raise _broken()

    def _slices_from(self, first):
        body, _ = self._ask(_LIST, _list.pack(first, 0), None)
        if len(body) < _slices.size:
            raise _broken()
        total, start, count, _ = _slices.unpack_from(body)
        if start != first or \
           len(body) != _slices.size + count * _slice.size or \
           (not count and first < total):
            raise _broken()
        return total, [
            Slice(name=_text(name), group=_text(group), size=size,
                  read_only=bool(flags & _READ_ONLY),
                  exclusive=bool(flags & _EXCLUSIVE),
                  write_combining=memattr == 1,
                  free=None if free == _ANY_NUMBER else free,
                  interrupts=interrupts, interrupt_kind=_kind(kind), dma=dma)
            for name, group, size, flags, memattr, free, interrupts, kind, dma
            in _slice.iter_unpack(body[_slices.size:])]

    def slices(self):
        """The slices that this client may have, as a list of Slice."""
        total, result = self._slices_from(0)
        while len(result) < total:
            total, more = self._slices_from(len(result))
            result += more
        return result

    def acquire(self, name, any=False, wait=0, ones=False):
        """A lease of the slice of this name; with any, of any in the group.

        wait: where others have it, seconds to wait for it, or None for any time. Who
            has waited longest is next. TimeoutError: it has not become free, and the
            connection goes on.
        ones: when it is over, its mappings read all ones, and what is written goes
            nowhere, instead of the SIGBUS that ends a process

        Raises FileNotFoundError where there is no such slice for this user;
        PermissionError; an OSError of EBUSY where others hold it, of EDQUOT where this
        user has as many as it may, of EOPNOTSUPP where the server has no such end.
        """
        if ones and not self._features & _PAUSES:
            raise OSError(errno.EOPNOTSUPP,
                          "the server has no leases that end in ones", name)
        flags = (_ANY if any else 0) | (_ONES if ones else 0)
        wanted = _FOREVER if wait is None else min(int(wait * 1000), _FOREVER)
        body, fds = self._ask(_ACQUIRE,
                              _acquire.pack(_name(name), flags, wanted), None,
                              patience=wait)
        self._answered = self._serial
        term, body = body[_lease.size:], body[:_lease.size]
        if len(body) != _lease.size or len(term) not in (0, _term.size):
            for fd in fds:
                os.close(fd)
            self.close()
            raise _broken()
        if not fds:
            self._give_back(_lease.unpack(body)[0])
            raise OSError(errno.EMFILE, "no room for the lease's file", name)
        try:
            number, flags, size, memattr, interrupts, kind, align, phase, \
                slice_name, dma = _lease.unpack(body)
            lease = Lease(self, fds[0], id=number, name=_text(slice_name),
                          size=size, read_only=bool(flags & _READ_ONLY),
                          exclusive=bool(flags & _EXCLUSIVE),
                          write_combining=memattr == 1, interrupts=interrupts,
                          interrupt_kind=_kind(kind), dma=dma, align=align,
                          phase=phase,
                          term=_term.unpack(term)[0] / 1000 if term else None)
        except BaseException:
            os.close(fds[0])
            raise
        self._leases[number] = lease
        return lease

    def _give_back(self, number):
        try:
            self._ask(_RELEASE, _id.pack(number, 0), _id)
        except FileNotFoundError:
            pass        # It was revoked in this moment.
        except ConnectionError:
            self._owed.append(number)
            raise

    # -- Events --

    def event(self, timeout=None):
        """The next Event; None when none has come after so many seconds.

        Raises ConnectionError when the server is gone.
        """
        until = None if timeout is None else time.monotonic() + timeout
        poll = select.poll()
        if self._socket.fileno() >= 0:
            poll.register(self._socket, select.POLLIN)
        while not self._events:
            if self._socket.fileno() < 0:
                raise ConnectionResetError(errno.ECONNRESET,
                                           "the connection has ended")
            left = None if until is None else \
                max(0, until - time.monotonic()) * 1000
            if not poll.poll(left):
                return None
            self._hear()
        return self._events.popleft()

    def _hear(self):
        try:
            kind, _, body, fds = self._receive()
            if kind == _ERROR:
                self._refuse(body)
            if fds or kind & _REPLY or not kind & _EVENT:
                for fd in fds:
                    os.close(fd)
                raise _broken()
            self._take(kind, body)
        except OSError as error:
            self._end(error)
            raise

    def events(self, timeout=None):
        """Event after event, until none has come for so many seconds."""
        while True:
            event = self.event(timeout)
            if event is None:
                return
            yield event
