"""Sources, deadlines, interrupts and circuit breakers as TypeScript sees them."""

import json
import math

import pytest
from arena import arena, one, parts
from segments import segment

from remotemedia import Node
from remotemedia._hosts.pyodide import DONE, ENDED, FAILED, MORE, connect


def test_a_source_is_ticked_until_it_has_ended():
    host = connect()
    spec = segment([("r", "RangeGeneratorNode", {"end": 3})], [], {0: "r.in"}, {1: ("r.*", None)})
    handle = host.open(json.dumps(spec))
    statuses, values = [], []
    for first in (0, 2, 4):
        ticks = parts(([first, first + 1], 0, [None, None]))
        status, _, packets, _ = arena(host, host.run(handle, math.inf, 0, *ticks))
        statuses.append(status)
        values += [value for _, packet in packets for value in packet.values]
    assert statuses == [DONE, ENDED, ENDED]
    assert values == [0, 1, 2]
    assert arena(host, host.flush(handle, math.inf, 0))[0] == DONE


def test_much_of_a_source_that_ends_comes_in_portions():
    host = connect()
    spec = segment(
        [("r", "RangeGeneratorNode", {"end": 1}), ("x", "ExpanderNode", {"expansion_factor": 5000})],
        [("r.out", "x.in")], {0: "r.in"}, {1: ("x.*", None)},
    )  # fmt: skip
    handle = host.open(json.dumps(spec))
    length = host.run(handle, math.inf, 0, *parts(([0, 1], 0, [None, None])))
    assert arena(host, length)[0] == MORE
    assert arena(host, host.resume(handle))[0] == ENDED


def test_deadlines_name_the_handle():
    calls = []
    host = connect(lambda *call: calls.append(call))
    host.open(one("AddNode"))
    handle = host.open(one("AddNode", timeout_ms=5))
    host.run(1, math.inf, 0, *parts(([0], 0, [1])))
    host.run(handle, math.inf, 0, *parts(([6, 7], 0, [1, 2])))
    assert calls == [(2, 0, 6), (2, 0, 7)]


class Closing(Node):
    """Is interrupted at "x"; notes what happens to it."""

    def process(self, item):
        self.seen = item
        if item == "x":
            raise KeyboardInterrupt
        yield item

    def close(self):
        CLOSED.append(self.seen)


class AsyncClosing(Closing):
    """The same while it waits."""

    async def process(self, item):
        import asyncio

        self.seen = item
        await asyncio.sleep(0)
        if item == "x":
            raise asyncio.CancelledError
        yield item


CLOSED = []


@pytest.mark.parametrize("kind", ["Closing", "AsyncClosing"])
async def test_an_interrupt_ends_the_call_and_the_segment_can_still_be_closed(kind):
    CLOSED.clear()
    host = connect()
    for cls in (Closing, AsyncClosing):
        host._registry.add(cls)
    handle = host.open(one(kind, on_error="skip"))
    packets = parts(([0, 1, 2], 0, ["a", "x", "b"]))
    if host.is_async(handle):
        length = await host.run_async(handle, math.inf, 0, *packets)
    else:
        length = host.run(handle, math.inf, 0, *packets)
    status, _, packets, error = arena(host, length)
    assert (status, packets, error["name"], error["code"]) == (
        FAILED,
        [],
        "CancelledError",
        "cancelled",
    )
    assert arena(host, host.resume(handle))[3]["name"] == "ClosedError"
    assert arena(host, host.close(handle))[0] == DONE
    assert CLOSED == ["x"]


def test_a_node_that_exits_does_not_end_python():
    class ExitNode(Node):
        def init(self):
            raise SystemExit(3)

        def process(self, item):
            """Would never run."""

    host = connect()
    host._registry.add(ExitNode)
    assert host.open(one("ExitNode")) == 0
    assert b"SystemExit: 3" in host.arena()


def test_closing_during_a_pause_ends_the_call_and_closes_the_nodes():
    CLOSED.clear()
    host = connect()

    class ManyNode(Closing):
        def process(self, item):
            self.seen = item
            return (number for number in range(5000))

    host._registry.add(ManyNode)
    handle = host.open(one("ManyNode"))
    assert arena(host, host.run(handle, math.inf, 0, *parts(([0], 0, ["a"]))))[0] == MORE
    assert arena(host, host.close(handle)) == (DONE, 0, [], None)
    assert CLOSED == ["a"]


def test_circuits_and_spans_are_in_the_metrics():
    host = connect()
    spec = json.loads(one("AddNode", on_error="skip", circuit={"failures": 4, "wait_ms": 0}))
    handle = host.open(json.dumps(spec | {"trace": True}))
    host.run(handle, math.inf, 0, *parts(([0, 1], 0, ["x", 1])))
    metrics = json.loads(host.metrics(handle))
    assert metrics["circuits"]["n"]["failures"] == 5
    assert 0 < metrics["circuits"]["n"]["wait_ms"] <= 30_000
    assert [order for order, _, _ in metrics["spans"]] == [0]
    assert metrics["skipped"]["count"] == 2


@pytest.mark.parametrize(
    ("raised", "name", "code"),
    [
        (MemoryError(), "RemoteMediaError", "out_of_memory"),
        (KeyboardInterrupt(), "CancelledError", "cancelled"),
    ],
)
@pytest.mark.parametrize("is_async", [True, False])
async def test_what_hits_while_the_result_is_written_ends_the_call(
    monkeypatch, raised, name, code, is_async
):
    def refuse(*_):
        raise raised

    host = connect()
    handle = host.open(one("PassThroughNode"))
    with monkeypatch.context() as patch:
        patch.setattr("remotemedia._hosts.pyodide.pack_into", refuse)
        packets = parts(([0], 0, ["a"]))
        if is_async:
            length = await host.run_async(handle, math.inf, 0, *packets)
        else:
            length = host.run(handle, math.inf, 0, *packets)
    status, _, packets, error = arena(host, length)
    assert (status, packets, error["name"], error["code"]) == (FAILED, [], name, code)
    assert arena(host, host.run(handle, math.inf, 0, *parts(([1], 0, ["b"]))))[0] == DONE
    assert arena(host, host.close(handle))[0] == DONE
