# SPDX-License-Identifier: MIT
"""The device plugin's API as bytes, without the plugin's own .proto

Numbers of fields are those of the API as Kubernetes publishes it, in
pkg/apis/deviceplugin/v1beta1/api.proto of https://github.com/kubernetes/kubelet; the
encoding is that of https://protobuf.dev/programming-guides/encoding/. Both are written
down here a second time, so that a mistake in the .proto does not agree with itself.
"""

VARINT = 0
BYTES = 2


def varint(number):
    out = b""
    while number > 0x7f:
        out += bytes([number & 0x7f | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    """A text, bytes of a message, or a number, as one field"""
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return varint(number << 3 | BYTES) + varint(len(value)) + value
    return varint(number << 3 | VARINT) + varint(value)


def fields(number, values):
    return b"".join(field(number, value) for value in values)


def read_varint(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return number, at


def parse(data):
    """Of a message, the values of each field, in order"""
    result = {}
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        if key & 7 == VARINT:
            value, at = read_varint(data, at)
        elif key & 7 == BYTES:
            size, at = read_varint(data, at)
            value = data[at:at + size]
            at += size
        else:
            raise ValueError("a field of type %d" % (key & 7))
        result.setdefault(key >> 3, []).append(value)
    return result


def text(message, number):
    return message.get(number, [b""])[0].decode()


def texts(message, number):
    return [value.decode() for value in message.get(number, [])]


def number_of(message, number):
    return message.get(number, [0])[0]


# DevicePluginOptions: pre_start_required = 1, get_preferred_allocation_available = 2
def options(data):
    message = parse(data)
    return bool(number_of(message, 1)), bool(number_of(message, 2))


# RegisterRequest: version = 1, endpoint = 2, resource_name = 3, options = 4
def register_request(data):
    message = parse(data)
    return {
        "version": text(message, 1),
        "endpoint": text(message, 2),
        "resource": text(message, 3),
        "options": options(message.get(4, [b""])[0]),
    }


# ListAndWatchResponse: devices = 1; Device: ID = 1, health = 2, topology = 3;
# TopologyInfo: nodes = 1; NUMANode: ID = 1
def devices(data):
    result = {}
    for entry in parse(data).get(1, []):
        device = parse(entry)
        nodes = [number_of(parse(node), 1)
                 for topology in device.get(3, [])
                 for node in parse(topology).get(1, [])]
        result[text(device, 1)] = (text(device, 2), nodes)
    return result


# AllocateRequest: container_requests = 1; ContainerAllocateRequest: devices_ids = 1
def allocate_request(*containers):
    return fields(1, [fields(1, ids) for ids in containers])


# AllocateResponse: container_responses = 1; ContainerAllocateResponse: envs = 1,
# mounts = 2, devices = 3, annotations = 4, cdi_devices = 5; an entry of a map: key = 1,
# value = 2; Mount: container_path = 1, host_path = 2, read_only = 3
def allocate_response(data):
    result = []
    for entry in parse(data).get(1, []):
        container = parse(entry)
        envs = [parse(env) for env in container.get(1, [])]
        mounts = [parse(mount) for mount in container.get(2, [])]
        result.append({
            "envs": {text(env, 1): text(env, 2) for env in envs},
            "mounts": [(text(mount, 1), text(mount, 2), bool(number_of(mount, 3)))
                       for mount in mounts],
            "others": sorted(set(container) - {1, 2}),
        })
    return result


# PreferredAllocationRequest: container_requests = 1;
# ContainerPreferredAllocationRequest: available_deviceIDs = 1,
# must_include_deviceIDs = 2, allocation_size = 3
def preferred_request(available, included, size):
    return field(1, fields(1, available) + fields(2, included) + field(3, size))


# PreferredAllocationResponse: container_responses = 1;
# ContainerPreferredAllocationResponse: deviceIDs = 1
def preferred_response(data):
    return [texts(parse(entry), 1) for entry in parse(data).get(1, [])]


# PreStartContainerRequest: devices_ids = 1
def pre_start_request(*ids):
    return fields(1, ids)
