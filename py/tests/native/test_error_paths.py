"""Rust and Python refuse the same items, at the same place in them."""

import math

import numpy as np
import pytest
from segments import chain

from remotemedia import Audio, Node, NodeError, Pipeline

DEEP = []
for _ in range(127):
    DEEP = [DEEP]

CASES = {
    "MultiplyNode": [None, "x", [1, None], [1, [2, {}]], [[[b"x"]]], {}, Audio([0.0], 8000), True],
    "CalculatorNode": [
        "x", [1, "x"], {}, {"operation": "add"}, {"operation": "add", "args": 1},
        {"operation": "add", "args": [1]}, {"operation": "add", "args": [1, "x"]},
        {"operation": "add", "args": [None, 2]}, {"operation": "divide", "args": [1, 0]},
        {"operation": "none", "args": [1, 0]}, {"operation": 1, "args": [1, 0]},
        {"operation": "none", "args": []},
    ],
    "ExpanderNode": [1],
    "FilterNode": [None, True, [1], "x"],
    "BatcherNode": [DEEP, {"a": DEEP[0]}],
    "WavDecodeNode": [None, "RIFF", b"RIFF"],
    "VADNode": [
        None, {}, {"audio": 1}, {"audio": ["x"]}, {"audio": [[1], 0]}, {"data": [0.0]}, [None],
        {"audio": [["x"], 8000]}, {"data": [0.0], "sample_rate": 0}, [0.0, math.nan, "x"],
        {"data": [0.0], "sample_rate": 8000, "channels": 2},
        {"data": [0.0], "sample_rate": 8000, "channels": 0},
        {"data": [0.0], "sample_rate": 8000, "channels": 65537},
        {"data": [0.0], "sample_rate": 8000, "channels": "1"},
        {"data": [0.0], "sample_rate": 8000, "format": "U8"},
        {"data": [0.0], "sample_rate": 8000, "format": 1},
        {"data": [0.0, None], "sample_rate": 8000}, {"data": 1, "sample_rate": 8000},
        {"data": [[0.0]], "sample_rate": 8000}, {"data": np.zeros((2, 2)), "sample_rate": 8000},
        {"data": np.zeros(2, np.uint8), "sample_rate": 8000}, np.zeros(2, np.uint8),
        [[0.0], 0.5], [[0.0], math.inf], [[0.0], math.nan], [[0.0, True], 8000],
        [[[0.0], [0.0, 1.0]], 8000], [[[0.0], 1], 8000], [[[0.0], ["a"]], 8000], [[1, [2]], 8000],
        np.zeros(()), np.zeros((1, 1, 1)), np.zeros((0, 3)), [np.zeros((1, 1, 1)), 8000],
    ],
}  # fmt: skip
PARAMS = {"ExpanderNode": {"expansion_factor": 10_000_001}, "VADNode": {"input_sample_rate": 8000}}


def refused(kind, item, hint):
    manifest = chain([(kind, PARAMS.get(kind, {}))])
    with pytest.raises(NodeError) as caught:
        Pipeline.from_manifest(manifest, runtime_hint=hint).run_sync([item])
    error = caught.value
    assert (error.node_id, error.runtime) == ("n0", hint)
    return error.code, error.path, error.item_index


@pytest.mark.parametrize(
    ("kind", "item"),
    [(kind, item) for kind, items in CASES.items() for item in items],
    ids=lambda value: value if isinstance(value, str) else repr(value)[:40],
)
def test_the_same_place(kind, item):
    assert refused(kind, item, "python") == refused(kind, item, "rust")


@pytest.mark.parametrize("item", [2**53 + 1, 2**63 - 1, -(2**63), 2**53])
@pytest.mark.parametrize("least", [2.0**53, 2**53 + 1, 2.0**63, 9.3e18])
def test_large_numbers_are_compared_as_floats(item, least):
    manifest = chain([("FilterNode", {"min_value": least})])
    given = [
        Pipeline.from_manifest(manifest, runtime_hint=hint).run_sync([item])
        for hint in ("rust", "python")
    ]
    assert given[0] == given[1]


@pytest.mark.parametrize("size", [2**31, 2**32, 2**53, 2**63 - 1])
@pytest.mark.parametrize("hint", ["rust", "python"])
def test_a_batch_may_be_larger_than_any_memory(size, hint):
    manifest = chain([("BatcherNode", {"batch_size": size})])
    assert Pipeline.from_manifest(manifest, runtime_hint=hint).run_sync([1, 2]) == [[1, 2]]


class LateNode(Node):
    """Fails in the event loop."""

    async def process(self, item):
        return self.later(item)

    def later(self, item):
        return item.nothing


def test_the_event_loop_is_no_line_of_the_author():
    with pytest.raises(NodeError) as caught:
        Pipeline(LateNode()).run_sync("x")
    files = [line for line in caught.value.traceback.splitlines() if line.startswith("  File")]
    assert [line.rpartition(" ")[2] for line in files] == ["process", "later"]
