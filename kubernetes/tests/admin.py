# SPDX-License-Identifier: MIT
"""The administrator's socket of a broker whose devices come and go as a test says

It has no devices and no leases: what it keeps are lists of names. What a broker does
with grants is shown with the real one.
"""
import os
import socket
import threading

FULL = "bar=2 ranges=0x1000+0x1000 size=4096 access=rw memattr=nc exclusive=1 max=1 " \
    "per-user=0 holders=0"


class Admin:
    def __init__(self, path, grants):
        self.path = path
        self.directory = grants
        self.devices = {}           # by address, its state
        self.slices = {}            # by name, its group and device
        self.grants = {}            # by name, its slices
        self.requests = []
        self.refused = set()        # names that are not granted
        self.odd_path = None
        self.hangs = False
        self.lock = threading.RLock()
        self.connections = set()
        self.watchers = set()
        self.listener = None

    def start(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        threading.Thread(target=self._accept, args=(self.listener,),
                         daemon=True).start()

    def stop(self):
        """As if it were killed, but for the socket"""
        os.unlink(self.path)
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for connection in self.connections:
                connection.shutdown(socket.SHUT_RDWR)

    def tell(self, event):
        with self.lock:
            for connection in self.watchers:
                connection.sendall(event.encode() + b"\n")

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,),
                             daemon=True).start()

    def _serve(self, connection):
        with self.lock:
            self.connections.add(connection)
        try:
            for line in connection.makefile("r"):
                if self.hangs:
                    continue
                with self.lock:
                    connection.sendall(self._answer(connection, line.rstrip("\n")).encode())
        except OSError:
            pass
        with self.lock:
            self.connections.discard(connection)
            self.watchers.discard(connection)
            connection.close()

    def _answer(self, connection, request):
        word, *words = request.split(" ")
        self.requests.append(request)
        if word == "watch":
            self.watchers.add(connection)
            return "ok\n"
        pairs = [pair.split("=", 1) for pair in words]
        return getattr(self, "_" + word)(dict(pairs))

    def _devices(self, _values):
        return "".join("device name=%s state=%s\n" % item
                       for item in self.devices.items()) + "ok\n"

    def _slices(self, _values):
        return "".join("slice name=%s group=%s device=%s %s\n" % (name, *place, FULL)
                       for name, place in self.slices.items()) + "ok\n"

    def _place(self, name):
        return "%s/%s/run/socket" % (self.directory, name)

    def _grants(self, _values):
        return "".join("grant name=%s path=%s slices=%s\n" % (
            name, self._place(name), ",".join(slices))
            for name, slices in self.grants.items()) + "ok\n"

    def _grant(self, values):
        name = values["name"]
        slices = values["slices"].split(",")
        if name in self.refused:
            return "error failed no room for %s\n" % name
        if name in self.grants:
            return "error busy there is a grant %s\n" % name
        self.grants[name] = slices
        return "ok path=%s\n" % (self.odd_path or self._place(name))

    def _ungrant(self, values):
        if self.grants.pop(values["name"], None) is None:
            return "error absent no grant %s\n" % values["name"]
        return "ok leases=0\n"
