"""Nodes with several ports, in every way that a node may be written."""

import asyncio

import pytest
from segments import opened, segment

from remotemedia import Node, NodeError, Out, node
from remotemedia._effects import Batch, drive, drive_async


class PortsNode(Node):
    """Has two input and two output ports; numbers go to the output of their input's name."""

    inputs = {"left": ("any",), "right": ("any",)}
    outputs = {"left": ("any",), "right": ("any",)}


class PlainNode(PortsNode):
    """Returns."""

    def process(self, item, port):
        return Out(port, item)

    def flush(self):
        return Out("left", "end")


class YieldingNode(PortsNode):
    """Yields."""

    def process(self, item, port):
        yield Out(port, item)

    def flush(self):
        yield Out("left", "end")


class AsyncNode(PortsNode):
    """Waits, then returns."""

    async def process(self, item, port):
        await asyncio.sleep(0)
        return Out(port, item)

    async def flush(self):
        await asyncio.sleep(0)
        return Out("left", "end")


class AsyncYieldingNode(PortsNode):
    """Waits, then yields."""

    async def process(self, item, port):
        await asyncio.sleep(0)
        yield Out(port, item)

    async def flush(self):
        await asyncio.sleep(0)
        yield Out("left", "end")


class AsyncGivingNode(PortsNode):
    """Waits, then returns a generator."""

    async def process(self, item, port):
        await asyncio.sleep(0)
        return (Out(name, item) for name in (port,))

    async def flush(self):
        return self.ending()

    async def ending(self):
        yield Out("left", "end")


WRITTEN = [PlainNode, YieldingNode, AsyncNode, AsyncYieldingNode, AsyncGivingNode]


def crossing(cls):
    """The node's two inputs come from two edges and a node; its outputs go to a sink and a node."""
    return segment(
        [("a", "PassThroughNode", {}), ("n", cls.type_name, {}), ("j", "PassThroughNode", {})],
        [("a.out", "n.right"), ("n.right", "j.in"), ("n.left", "j.in")],
        {0: "n.left", 1: "a.in"},
        {2: ("n.*", None), 3: ("n.left", 5), 4: ("j.*", None)},
    )


@pytest.mark.parametrize("cls", WRITTEN, ids=lambda cls: cls.type_name)
async def test_items_take_their_ports(cls):
    engine = opened(crossing(cls), [cls])
    batches = [Batch(None, 0, [0, 1, 1], ["l0", "l1", "l1b"]), Batch(None, 1, [0, 1], ["r0", "r1"])]
    found = await drive_async(engine.run(batches))
    assert found.error is None
    assert {b.edge: (b.rounds, b.values) for b in found.outputs} == {
        2: ([0, 0, 1, 1, 1], ["l0", "r0", "l1", "l1b", "r1"]),
        3: ([0, 1, 1], ["l0", "l1", "l1b"]),
        4: ([0, 0, 1, 1, 1], ["r0", "l0", "r1", "l1", "l1b"]),
    }
    found = await drive_async(engine.flush([]))
    assert [(b.edge, b.values) for b in found.outputs] == [(2, ["end"]), (3, ["end"]), (4, ["end"])]
    engine.close()


@pytest.mark.parametrize("cls", WRITTEN, ids=lambda cls: cls.type_name)
def test_a_node_that_awaits_makes_its_segment_async(cls):
    assert opened(crossing(cls), [cls]).is_async == cls.type_name.startswith("Async")


class NoOutNode(Node):
    """Has no port `out`, but uses it."""

    outputs = {"a": ("any",), "b": ("any",)}

    def process(self, item):
        return Out("a", item) if item == "kept" else item


@pytest.mark.parametrize("lost", [1.5, 7, "text", [1]])
def test_a_value_without_port_needs_the_port_out(lost):
    spec = segment([("n", "NoOutNode", {})], [], {0: "n.in"}, {1: ("n.*", None), 2: ("n.b", None)})
    engine = opened(spec, [NoOutNode])
    assert drive(engine.run([Batch(None, 0, [0], ["kept"])])).outputs[0].values == ["kept"]
    found = drive(engine.run([Batch(None, 0, [1], [lost])]))
    assert isinstance(found.error, NodeError)
    assert found.error.message == "there is no output port 'out', only a, b"
    assert found.error.item_index == 1


@node
async def spread(item, times: int):
    """Gives an item several times."""
    for _ in range(times):
        await asyncio.sleep(0)
        yield item


@node
def both(item):
    """Gives an item on its own and in a generator of generators."""
    yield item
    yield from (item for _ in range(2))


async def test_expanders_of_either_kind_keep_the_order():
    spec = segment(
        [("s", "spread", {"times": 2}), ("b", "both", {}), ("p", "PassThroughNode", {})],
        [("s.out", "b.in"), ("s.out", "p.in"), ("b.out", "p.in")],
        {0: "s.in"},
        {1: ("p.*", None)},
    )
    found = await drive_async(opened(spec, [spread, both]).run([Batch(None, 0, [0, 1], [1, 2])]))
    (batch,) = found.outputs
    assert batch.values == [1] * 8 + [2] * 8
    assert batch.rounds == [0] * 8 + [1] * 8


def test_an_expander_may_give_very_many_items():
    spec = segment(
        [("x", "ExpanderNode", {"expansion_factor": 200_000})], [], {0: "x.in"}, {1: ("x.*", None)}
    )
    engine = opened(spec, most_items=4096)
    effects = engine.run([Batch(None, 0, [0], [1.5])])
    sizes = []
    try:
        while True:
            sizes.append(len(next(effects).outputs[0].values))
    except StopIteration as end:
        sizes.append(len(end.value.outputs[0].values))
    assert max(sizes) <= 4096
    assert sum(sizes) == 200_000
