"""Packets of any values survive; any corruption is refused or read, never a crash."""

import contextlib
import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from packet_values import EXAMPLES, PACKETS, VALUES, thorough
from vectors import difference

from remotemedia import PacketError
from remotemedia._json_form import from_json_form, to_json_form
from remotemedia._packet import encode, read, to_bytes
from remotemedia._packet_reader import decode
from remotemedia._values import MAX_SAFE


def written(items):
    rounds, edges, values = (
        (list(column) for column in zip(*items, strict=True)) if items else ([], [], [])
    )
    return bytes(to_bytes(*encode(rounds, edges, values)))


@thorough
@given(PACKETS)
def test_packets_survive(items):
    ((rounds, edges, values),) = read(written(items))
    assert (
        difference(
            [list(item) for item in items],
            [list(i) for i in zip(rounds, edges, values, strict=True)],
        )
        is None
    )


@thorough
@given(VALUES)
def test_the_json_form_survives(value):
    assert difference(value, from_json_form(to_json_form(value))) is None


@thorough
@given(PACKETS, st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes(items, changes):
    block = bytearray(written(items))
    for at, byte in changes:
        block[at % len(block)] = byte
    with contextlib.suppress(PacketError):
        read(bytes(block))


@thorough
@given(PACKETS, st.integers(0))
def test_cut_packets(items, at):
    block = written(items)
    at %= len(block)
    if at == 0:
        return
    try:
        read(block[:at])
    except PacketError:
        return
    raise AssertionError("a part of a packet was read")


@thorough
@given(st.binary(max_size=200))
def test_any_bytes(data):
    with contextlib.suppress(PacketError):
        read(data)


# --- corruption that knows the format: headers that are JSON, packets that add up -----------------


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


SMALL = st.integers(-2, 5)
NUMBERS = st.sampled_from(
    [0.5, -0.0, 1e300, MAX_SAFE, MAX_SAFE + 1, -(2**63), 2**63, 2**64, 10**400, True, 2**31, 2**32]
)
WORDS = st.sampled_from(
    ["", "$", "f32", "f64", "i64", "bool", "list", "bytes", "tensor", "audio", "NaN", "Infinity",
     "-0.0", "1.0e300", "9007199254740993", "0x1", "1_0", " 1", "١", "9" * 30, "\ud800", "\0"]
)  # fmt: skip
FORMS = st.builds(lambda form: {"$": form}, SMALL | WORDS | NUMBERS | st.none())
SHAPES = st.lists(SMALL | st.sampled_from([2**31, 2**62, -1, True, 1.0]), max_size=70)
HOSTILE = st.one_of(
    SMALL, NUMBERS, WORDS, FORMS, SHAPES, st.none(), st.just({}), st.just([]),
    st.just({"$": {"$": {"$": 1}}}), st.just({"$": 0, "a": 1}),
    st.integers(100, 140).map(nested),
)  # fmt: skip
KEYS = st.sampled_from(
    ["rounds", "edges", "values", "refs", "kind", "dtype", "shape", "buffer", "sample_rate",
     "timestamp", "$", "__proto__"]
)  # fmt: skip


def places(value, path=()):
    """Return the paths to every part of a JSON value."""
    found = [path]
    if isinstance(value, (list, dict)):
        for key in value if isinstance(value, dict) else range(len(value)):
            found += places(value[key], (*path, key))
    return found


CHANGES = st.fixed_dictionaries(
    {
        "to": st.sampled_from(["header", "buffers"]),
        "at": st.integers(0, 2**16),
        "how": st.sampled_from(["replace", "remove", "add", "copy"]),
        "by": HOSTILE,
        "key": KEYS,
    }
)


def corrupt(items, changes):
    """Return a packet with parts of its header and buffers replaced, removed or added."""
    rounds, edges, values = (list(column) for column in zip(*items, strict=True))
    text, buffers = encode(rounds, edges, values)
    header, buffers = json.loads(text), [bytes(buffer) for buffer in buffers]
    for change in changes:
        if change["to"] == "buffers" and buffers:
            change_buffer(buffers, change)
        else:
            change_header(header, change)
    return json.dumps(header), buffers


def change_header(header, change):
    found = places(header)[1:]
    if not found:
        return
    by = copy.deepcopy(change["by"])
    *path, last = found[change["at"] % len(found)]
    parent = header
    for key in path:
        parent = parent[key]
    if change["how"] == "remove":
        del parent[last]
    elif change["how"] == "copy":
        parent[last] = copy.deepcopy(list(header.values())[change["at"] % len(header)])
    elif change["how"] == "add" and isinstance(parent, list):
        parent.insert(last, by)
    else:
        parent[change["key"] if change["how"] == "add" else last] = by


def change_buffer(buffers, change):
    at = change["at"] % len(buffers)
    data = buffers.pop(at)
    if change["how"] == "replace":
        buffers.insert(at, b"\xff" * len(data))
    elif change["how"] == "add":
        buffers.insert(at, data + b"\xff")
    elif change["how"] == "copy":
        buffers.insert(at, data[:-1])


CORRUPTED = st.builds(corrupt, PACKETS.filter(bool), st.lists(CHANGES, min_size=1, max_size=3))


@settings(thorough, max_examples=3 * EXAMPLES)
@given(CORRUPTED)
def test_a_corrupted_packet_is_refused_or_has_items_that_can_travel(packet):
    header, buffers = packet
    try:
        rounds, edges, values = decode(header, buffers)
    except PacketError:
        return
    assert len(rounds) == len(values)
    columns = [rounds] if isinstance(edges, int) else [rounds, edges]
    for column in columns:
        assert len(column) == len(values)
        assert all(type(number) is int and number >= 0 for number in column)
    again = decode(*sent(rounds, edges, values))
    assert difference(list(values), again.values) is None


def sent(rounds, edges, values):
    header, buffers = encode(rounds, edges, values)
    return header, [bytes(buffer) for buffer in buffers]


@thorough
@given(CORRUPTED, st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2**32 - 1)), max_size=3))
def test_lengths_that_lie_are_refused_or_read(packet, lies):
    header, buffers = packet
    block = to_bytes(header, buffers)
    for word, value in lies:
        at = 4 * word % (len(block) - 4)
        near = int.from_bytes(block[at : at + 4], "little") + value % 33 - 16
        block[at : at + 4] = (near % 2**32 if value % 2 else value).to_bytes(4, "little")
    with contextlib.suppress(PacketError):
        read(bytes(block))
