"""`check_node` finds each kind of broken node. (In Pyodide: native/test_check_node.py.)"""

import asyncio
import itertools
import json

import numpy as np
import pytest

from remotemedia import Audio, Node, NodeError, Param, node
from remotemedia.nodes import MultiplyNode
from remotemedia.testing import ContractError, check_node
from remotemedia.testing._inside import main


class DoubleNode(Node):
    """Doubles."""

    def process(self, item):
        return item * 2


class SharedNode(Node):
    """Counts for all of its class."""

    COUNT = itertools.count()

    def process(self, item):
        return next(self.COUNT)


class SiblingNode(Node):
    """Sees whether another one lives."""

    ALIVE = set()

    def init(self):
        self.ALIVE.add(id(self))

    def process(self, item):
        return len(self.ALIVE)

    def close(self):
        self.ALIVE.discard(id(self))


class GreedyNode(Node):
    """Changes its input."""

    def process(self, item):
        item.append(1)
        return len(item)


class WritingNode(Node):
    """Writes into an array."""

    def process(self, item):
        item *= 2
        return item


class TwiceClosedNode(DoubleNode):
    """Closes itself."""

    def flush(self):
        self.close()


class LateNode(DoubleNode):
    """Works only if there was an item."""

    def process(self, item):
        self._last = item

    def flush(self):
        return self._last


class OddParamsNode(DoubleNode):
    """Takes any param."""

    def __init__(self, **params):
        super().__init__()


@pytest.mark.parametrize(
    ("cls", "inputs", "message"),
    [
        (SharedNode, [1, 2], "a second run gives something else"),
        (SiblingNode, [1], "beside a second node, it gives something else"),
        (GreedyNode, [[]], "it changed its input"),
        (TwiceClosedNode, [1], "these were called: init, close, close"),
        (OddParamsNode, [1], "unknown params are taken"),
    ],
)
def test_broken_nodes(cls, inputs, message):
    with pytest.raises(ContractError, match=f"{cls.__name__}: .*{message}"):
        check_node(cls, inputs=inputs)


def test_errors_of_nodes_come_out_as_they_are():
    with pytest.raises(NodeError, match="read-only") as caught:
        check_node(WritingNode, inputs=[np.ones(2)])
    assert (caught.value.node_type, caught.value.item_index) == ("WritingNode", 0)
    with pytest.raises(NodeError, match="_last"):
        check_node(LateNode, inputs=[1])
    with pytest.raises(NodeError, match="a value of type set"):
        check_node(node(lambda item: {item}), inputs=[1])


@pytest.mark.parametrize(
    ("expected", "tolerance", "message"),
    [
        ([2, 5], 0, r"\$\.out\[1\]: 5 ≠ 4"),
        ([2], 0, r"\$\.out: length 1 ≠ 2"),
        ({"rest": []}, 0, "length|no"),
        ([2, 4.1], 0.01, r"\$\.out\[1\]"),
    ],
)
def test_other_outputs_than_expected(expected, tolerance, message):
    with pytest.raises(ContractError, match=f"DoubleNode: it does not give.*({message})"):
        check_node(DoubleNode, inputs=[1, 2], expected=expected, tolerance=tolerance)


def test_what_is_right():
    check_node(DoubleNode, inputs=[1, 2.0, "a"], expected=[2, 4, "aa"])
    check_node(DoubleNode, inputs=[2], expected=[4.05], tolerance=0.1)
    check_node(MultiplyNode(factor=3), inputs=[np.ones(1)], expected=[np.array([3.0])])
    check_node(node(lambda item: item), inputs=[audio := Audio([0.5], 8000)], expected=[audio])
    check_node(DoubleNode)


def test_async_nodes():
    @node
    async def later(item, add: int = Param(1)):
        await asyncio.sleep(0)
        return item + add

    check_node(later(add=2), inputs=[1], expected=[3])


def test_runtimes_are_named_right():
    for wrong in ([], ["browser"], "native"):
        with pytest.raises(ValueError, match="runtimes are some of native, pyodide"):
            check_node(DoubleNode, runtimes=wrong)


async def test_what_runs_inside_of_pyodide():
    """The same program here; native/test_check_node.py runs it there."""
    case = {
        "params": {"factor": 2},
        "inputs": {"in": [1, 2]},
        "expected": {"out": [2, 4]},
        "tolerance": 0,
    }
    request = {"module": "remotemedia.nodes.multiply", "name": "MultiplyNode", "case": case}
    assert await main(json.dumps(request)) == "null"
    case["inputs"] = {"in": [1]}
    told = json.loads(await main(json.dumps(request)))
    assert (told["name"], told["wire"]) == ("ContractError", None)
    assert "length 2 ≠ 1" in told["message"]
    case["inputs"] = {"in": [{}]}
    assert json.loads(await main(json.dumps(request)))["wire"]["name"] == "NodeError"
    request["module"] = "no_such_module"
    assert json.loads(await main(json.dumps(request)))["name"] == "ModuleNotFoundError"
