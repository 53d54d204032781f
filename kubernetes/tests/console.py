#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The kubelet's stand-in for a program that writes to it, a line for each command

What it answers ends with a line "ok", or "no" and why. Before that, "allocate" says what a
container is to be started with, as options of podman.
"""
import sys

import grpc

import wire
from kubelet import Kubelet

kubelet = Kubelet(sys.argv[1])
# For who waits on an emulated machine that has to share its host
PATIENCE = 60


def known(resource):
    if not kubelet.wait(resource, PATIENCE):
        raise LookupError("nobody has registered " + resource)
    return kubelet.endpoints[resource]


def devices(resource, *ids):
    """It has these, and no others"""
    if known(resource).wait(lambda devices: set(devices) == set(ids), PATIENCE) is None:
        raise LookupError("it has %r" % known(resource).devices())


def health(resource, state):
    if known(resource).wait_health(state, PATIENCE) is None:
        raise LookupError("it has %r" % known(resource).devices())


def allocate(resource, *ids):
    request = wire.allocate_request(ids)
    answer, = wire.allocate_response(known(resource).call("Allocate", request))
    if answer["others"]:
        raise LookupError("it has fields %r, too" % answer["others"])
    for variable in sorted(answer["envs"].items()):
        print("--env=%s=%s" % variable)
    for inside, outside, read_only in answer["mounts"]:
        print("--volume=%s:%s:%s" % (outside, inside, "ro" if read_only else "rw"))


def gone(resource):
    """The plugin has ended"""
    endpoint = known(resource)
    with endpoint.changed:
        if not endpoint.changed.wait_for(lambda: endpoint.ended, PATIENCE):
            raise LookupError("it is there")


COMMANDS = {command.__name__: command for command in (devices, health, allocate, gone)}

print("ok", flush=True)
for line in sys.stdin:
    name, *arguments = line.split()
    try:
        COMMANDS[name](*arguments)
        print("ok", flush=True)
    except LookupError as error:
        print("no,", error.args[0], flush=True)
    except grpc.RpcError as error:
        print("no,", error.code().name, error.details(), flush=True)
