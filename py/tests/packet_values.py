"""Strategies of hypothesis for values and packets."""

import math
import os

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from remotemedia import Audio
from remotemedia._values import DTYPES

EXAMPLES = 20_000 if os.environ.get("REMOTEMEDIA_LONG") else 300

thorough = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
"""The same examples every time; a time limit would fail on a busy machine."""

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
