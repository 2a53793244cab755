"""Calls the Python host as TypeScript does, and reads what it writes into the arena."""

import json
import struct

from segments import segment

from remotemedia._packet import encode, from_bytes, read


class Buffer:
    """What a JsProxy of a Uint8Array is to the host."""

    def __init__(self, data):
        self._data = bytes(data)

    def to_bytes(self):
        return self._data


def parts(*packets):
    found = []
    for rounds, edges, values in packets:
        header, buffers = encode(rounds, edges, values)
        found += [header, *map(Buffer, buffers)]
    return found


def arena(host, length):
    """Return status, sleep, packets [(to, packet)] and error of a result."""
    block = bytes(host.arena()[:length])
    status, count, sleep, error_length = struct.unpack_from("<4I", block)
    at = 16 + (error_length + 15) // 16 * 16
    packets = []
    for _ in range(count):
        to, *zeros = struct.unpack_from("<4I", block, at)
        assert zeros == [0, 0, 0]
        assert at % 16 == 0
        _, _, end = from_bytes(block, at + 16)
        (packet,) = read(block[at + 16 : end])
        packets.append((to, packet))
        at = end
    assert at == length
    error = json.loads(block[16 : 16 + error_length]) if error_length else None
    return status, sleep, packets, error


def one(kind, params=None, **fields):
    nodes = [("n", kind, params or {}, fields)]
    return json.dumps(segment(nodes, [], {0: "n.in"}, {1: ("n.*", None), 2: ("n.out", 5)}))
