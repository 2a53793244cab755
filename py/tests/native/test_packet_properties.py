"""Packets of any values survive; any corruption is refused or read, never a crash."""

import contextlib
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from vectors import difference

from remotemedia import Audio, PacketError
from remotemedia._json_form import from_json_form, to_json_form
from remotemedia._packet import encode, read, to_bytes
from remotemedia._values import DTYPES

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
SCALARS = st.one_of(st.none(), st.booleans(), INTEGERS, st.floats(), TEXT, st.binary(max_size=20))
RUNS = st.one_of(
    st.lists(INTEGERS, min_size=6, max_size=12), st.lists(st.floats(), min_size=6, max_size=12)
)
KEYS = st.one_of(TEXT, st.sampled_from(["$", "__proto__", "$bytes", "$map"]))


@st.composite
def tensors(draw):
    shape = draw(st.lists(st.integers(0, 4), max_size=3))
    dtype = np.dtype(draw(st.sampled_from(sorted(DTYPES.values()))))
    size = math.prod(shape) * dtype.itemsize
    raw = draw(st.binary(min_size=size, max_size=size))
    if dtype.kind == "b":
        raw = bytes(byte & 1 for byte in raw)
    return np.frombuffer(raw, dtype).reshape(shape)


@st.composite
def audio(draw):
    channels, frames = draw(st.integers(1, 3)), draw(st.integers(0, 5))
    samples = draw(
        st.lists(st.floats(width=32), min_size=channels * frames, max_size=channels * frames)
    )
    time = draw(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)))
    return Audio(
        np.array(samples, np.float32).reshape(channels, frames), draw(st.integers(1, 10**6)), time
    )


LEAVES = st.one_of(SCALARS, RUNS, tensors(), audio())
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
PACKETS = st.lists(st.tuples(st.integers(0, 2**53 - 1), st.integers(0, 9), VALUES), max_size=12)


def written(items):
    rounds, edges, values = (
        (list(column) for column in zip(*items, strict=True)) if items else ([], [], [])
    )
    return bytes(to_bytes(*encode(rounds, edges, values)))


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


@given(VALUES)
def test_the_json_form_survives(value):
    assert difference(value, from_json_form(to_json_form(value))) is None


@given(PACKETS, st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=4))
@settings(max_examples=300)
def test_changed_bytes(items, changes):
    block = bytearray(written(items))
    for at, byte in changes:
        block[at % len(block)] = byte
    with contextlib.suppress(PacketError):
        read(bytes(block))


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


@given(st.binary(max_size=200))
def test_any_bytes(data):
    with contextlib.suppress(PacketError):
        read(data)
