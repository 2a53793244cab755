import math

import numpy as np
import pytest

from remotemedia import NodeError
from remotemedia.nodes import AddNode, MultiplyNode
from remotemedia.nodes._arithmetic import compute

EDGES = [0, -0.0, 0.5, 3, -7, 2**53, 2**53 + 1, -(2**63), 2**63 - 1, 1e308, math.inf, -math.inf,
         math.nan, 5e-324]  # fmt: skip


def made(cls, **params):
    node = cls(**params)
    node.init()
    return node


@pytest.mark.parametrize("operand", [0.0, 0.5, 2.0, -3.0, 1e300])
@pytest.mark.parametrize("item", EDGES)
def test_the_short_way_of_multiply_and_add_is_the_long_way(item, operand):
    for node, operation in [
        (made(MultiplyNode, factor=operand), "multiply"),
        (made(AddNode, addend=operand), "add"),
    ]:
        short, long = node.process(item), compute(operation, item, operand)
        assert type(short) is type(long)
        assert short == long or (math.isnan(short) and math.isnan(long))


def test_tensors_follow_ieee():
    item = np.array([1.0, -1.0, 0.0])
    assert compute("divide", item, 0.0).tolist()[:2] == [math.inf, -math.inf]
    assert math.isnan(compute("modulo", item, 0.0)[0])
    assert math.isnan(compute("power", item, 0.5)[1])


@pytest.mark.parametrize(
    ("dtype", "result"),
    [("f4", "f4"), ("f8", "f8"), ("i2", "f8"), ("u8", "f8"), ("?", "f8")],
)
def test_dtypes(dtype, result):
    if dtype == "u8":
        dtype = "u4"
    for shape in [(), (0,), (2, 3)]:
        given = compute("add", np.ones(shape, dtype), 0.5)
        assert isinstance(given, np.ndarray)
        assert (given.dtype, given.shape) == (np.dtype(result), shape)


def test_f32_is_computed_in_f32():
    given = compute("multiply", np.array([16777217.0], np.float32), 1.0)
    assert given.tolist() == [16777216.0]
    assert compute("add", np.array([1.0], np.float32), 1e-9).tolist() == [1.0]


@pytest.mark.parametrize("item", [None, True, "1", {}, b"1", [1, "2"]])
def test_other_kinds_are_refused(item):
    with pytest.raises(NodeError, match="needs a number"):
        compute("add", item, 1.0)


@pytest.mark.parametrize(
    ("operation", "item", "path"),
    [
        ("add", None, "$"),
        ("divide", 1, "$"),
        ("add", [1, 2, "3"], "$[2]"),
        ("add", [1, [2, [3, True]]], "$[1][1][1]"),
        ("modulo", [[1]], "$[0][0]"),
        ("power", [1, [4, -1]], "$[1][1]"),
    ],
)
def test_the_path_leads_to_the_element(operation, item, path):
    operand = 0.5 if operation == "power" else 0.0
    with pytest.raises(NodeError) as caught:
        compute(operation, item, operand)
    assert caught.value.path == path
