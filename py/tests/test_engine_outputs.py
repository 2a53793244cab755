import numpy as np
import pytest
from segments import opened, run, segment

from remotemedia import Node, NodeError, Out, Param


class GiveNode(Node):
    """Gives what the function in `WAYS` gives."""

    way: str = Param(doc="Which.")

    def process(self, item):
        return WAYS[self.way](item)


async def async_value(item):
    return item * 2


async def async_items(item):
    yield item
    yield item + 1


async def async_none():
    return None


def sync_items(item):
    yield item
    yield None
    yield Out("out", None)


WAYS = {
    "none": lambda item: None,
    "null": lambda item: Out("out", None),
    "list": lambda item: [item, item],
    "tuple": lambda item: (item,),
    "empty": lambda item: [],
    "zero": lambda item: 0,
    "false": lambda item: False,
    "text": lambda item: "",
    "generator": sync_items,
    "async": async_value,
    "async generator": async_items,
    "nothing async": lambda item: async_none(),
    "numpy": lambda item: np.float32(0.5),
    "object": lambda item: object(),
    "nested object": lambda item: {"a": [1, object()]},
    "port": lambda item: Out("nowhere", 1),
    "big": lambda item: 2**63,
}


def give(way, item=5):
    engine = opened(
        segment([("g", "GiveNode", {"way": way})], [], {0: "g.in"}, {1: ("g.*", None)}), [GiveNode]
    )
    outputs, error = run(engine, (0, [0], [item]))
    if error:
        raise error
    return outputs.get(1, ([], []))[1]


@pytest.mark.parametrize(
    ("way", "values"),
    [
        ("none", []),
        ("null", [None]),
        ("list", [[5, 5]]),
        ("tuple", [[5]]),
        ("empty", [[]]),
        ("zero", [0]),
        ("false", [False]),
        ("text", [""]),
        ("generator", [5, None]),
        ("async", [10]),
        ("async generator", [5, 6]),
        ("nothing async", []),
        ("numpy", [0.5]),
    ],
)
def test_what_a_call_may_give(way, values):
    given = give(way)
    assert given == values
    assert list(map(type, given)) == list(map(type, values))


@pytest.mark.parametrize(
    ("way", "path"), [("object", "$"), ("nested object", "$.a[1]"), ("big", "$")]
)
def test_a_value_that_cannot_travel(way, path):
    with pytest.raises(NodeError) as caught:
        give(way)
    error = caught.value
    assert (error.code, error.path) == ("unrepresentable_value", path)
    assert (error.node_id, error.item_index, error.runtime) == ("g", 0, "python")


def test_an_unknown_output_port():
    with pytest.raises(NodeError, match="no output port 'nowhere', only out"):
        give("port")


class MutatingNode(Node):
    """Tries to change its input."""

    def process(self, item):
        item[0] = 99
        return item


def test_a_node_cannot_change_an_array_it_gets():
    spec = segment(
        [("g", "MultiplyNode", {}), ("m", "MutatingNode", {})],
        [("g.out", "m.in")],
        {0: "g.in"},
        {1: ("m.*", None)},
    )
    _, error = run(opened(spec, [MutatingNode]), (0, [0], [np.ones(3)]))
    assert error.node_id == "m"
    assert "read-only" in error.message


class BufferNode(Node):
    """Gives the same list again and again, and changes it in between."""

    def init(self):
        self.items = []

    def process(self, item):
        self.items.append(item)
        return self.items


def test_what_was_given_does_not_change_any_more():
    spec = segment([("b", "BufferNode", {})], [], {0: "b.in"}, {1: ("b.*", None)})
    outputs, _ = run(opened(spec, [BufferNode]), (0, [0, 1], ["x", "y"]))
    assert outputs[1][1] == [["x"], ["x", "y"]]


@pytest.mark.parametrize("refused", [2**63, -(2**63) - 1, "\ud800"])
def test_scalars_that_cannot_travel_fail_their_call(refused):
    class PickNode(Node):
        def process(self, item):
            return refused if item == 1 else item

    nodes = [("p", "PickNode", {}, {"on_error": "skip"}), ("e", "EchoNode", {})]
    spec = segment(nodes, [("p.out", "e.in")], {0: "p.in"}, {1: ("p.*", None)})
    engine = opened(spec, [PickNode])
    assert run(engine, (0, [0, 1, 2], [0, 1, 2])) == ({1: ([0, 2], [0, 2])}, None)
    assert engine.metrics()["skipped"]["count"] == 1
