# SPDX-License-Identifier: MIT
"""A kubelet, as far as device plugins see one"""
import concurrent.futures
import os
import stat
import threading
import time

import grpc

import wire

PLUGIN = "/v1beta1.DevicePlugin/"
REGISTRATION = "/v1beta1.Registration/"


class Endpoint:
    """A plugin's resource, from Register on, watched as the kubelet watches it"""

    def __init__(self, path, request):
        self.request = request
        self.channel = grpc.insecure_channel("unix:" + path)
        self.changed = threading.Condition()
        self.raw = []
        self.ended = False
        self.stream = self.channel.unary_stream(PLUGIN + "ListAndWatch")(b"")
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        try:
            for data in self.stream:
                with self.changed:
                    self.raw.append(data)
                    self.changed.notify_all()
        except grpc.RpcError:
            pass
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def call(self, method, data, timeout=30):
        return self.channel.unary_unary(PLUGIN + method)(data, timeout=timeout)

    def devices(self):
        return wire.devices(self.raw[-1]) if self.raw else None

    def wait(self, wanted, seconds=5):
        """Until wanted(devices) is true. Return: how long that took; None: too long"""
        start = time.monotonic()
        with self.changed:
            good = self.changed.wait_for(
                lambda: self.raw and wanted(self.devices()), seconds)
        return time.monotonic() - start if good else None

    def wait_health(self, health, seconds=5):
        return self.wait(lambda devices: devices and
                         all(device[0] == health for device in devices.values()),
                         seconds)

    def close(self):
        self.stream.cancel()
        self.channel.close()


class Kubelet:
    def __init__(self, directory):
        self.directory = directory
        self.path = os.path.join(directory, "kubelet.sock")
        self.changed = threading.Condition()
        self.requests = []          # as bytes, in the order in which they came
        self.endpoints = {}         # by resource, the last one
        self.refuses = False
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
        self.server.add_generic_rpc_handlers((self,))
        self.server.add_insecure_port("unix:" + self.path)
        self.server.start()

    def service(self, details):
        if details.method == REGISTRATION + "Register":
            return grpc.unary_unary_rpc_method_handler(self._register)
        return None

    def _register(self, data, context):
        if self.refuses:
            context.abort(grpc.StatusCode.UNKNOWN, "not today")
        request = wire.register_request(data)
        path = os.path.join(self.directory, request["endpoint"])
        endpoint = Endpoint(path, request)
        # The real one asks before it answers, too.
        endpoint.call("GetDevicePluginOptions", b"", 5)
        with self.changed:
            self.requests.append(data)
            old = self.endpoints.get(request["resource"])
            self.endpoints[request["resource"]] = endpoint
            self.changed.notify_all()
        if old:
            old.close()
        return b""

    def wait(self, resource, seconds=10):
        """A resource that has registered; None: it has not"""
        with self.changed:
            self.changed.wait_for(lambda: resource in self.endpoints, seconds)
            return self.endpoints.get(resource)

    def wait_again(self, old, seconds=10):
        """The same resource, registered once more"""
        resource = old.request["resource"]
        with self.changed:
            self.changed.wait_for(lambda: self.endpoints.get(resource) is not old,
                                  seconds)
            new = self.endpoints.get(resource)
            return None if new is old else new

    def kill(self):
        for endpoint in self.endpoints.values():
            endpoint.close()
        self.server.stop(0).wait()


def clean(directory):
    """What a kubelet does with sockets of others when it starts"""
    for name in os.listdir(directory):
        path = os.path.join(directory, name)
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            os.unlink(path)
