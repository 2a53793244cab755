import asyncio
import sys

import pytest
from probes import LOG, NODES, ProbeNode, probes
from segments import opened, run, segment

from remotemedia import ManifestError, Node, NodeError, Param, RuntimeLoadError
from remotemedia._effects import Batch, drive, drive_async


@pytest.fixture(autouse=True)
def _empty_log():
    LOG.clear()


def test_nodes_open_in_order_and_close_once_in_reverse():
    engine = opened(probes(None, None), NODES)
    engine.close()
    engine.close()
    assert LOG == ["init p0", "init p1", "close p1", "close p0"]


class BadStartNode(ProbeNode):
    """Cannot be initialised."""

    def init(self):
        raise ValueError("no")


class BadEndNode(ProbeNode):
    """Cannot be closed."""

    def close(self):
        super().close()
        raise ValueError("stuck")


def test_a_node_that_cannot_start_closes_those_before():
    spec = segment(
        [("a", "ProbeNode", {}), ("b", "BadStartNode", {})],
        [("a.out", "b.in")],
        {0: "a.in"},
        {1: ("b.*", None)},
    )
    with pytest.raises(NodeError, match="ValueError: no") as caught:
        opened(spec, [ProbeNode, BadStartNode])
    assert (caught.value.node_id, caught.value.item_index) == ("b", None)
    assert LOG == ["init a", "close a"]


def test_a_node_that_cannot_close_does_not_keep_others_open():
    spec = segment(
        [("a", "ProbeNode", {}), ("b", "BadEndNode", {})],
        [("a.out", "b.in")],
        {0: "a.in"},
        {1: ("b.*", None)},
    )
    engine = opened(spec, [ProbeNode, BadEndNode])
    with pytest.raises(NodeError, match="stuck"):
        engine.close()
    assert LOG[-2:] == ["close b", "close a"]


def test_a_segment_that_cannot_be_made():
    with pytest.raises(RuntimeLoadError, match="no Python implementation of Nothing"):
        opened(segment([("a", "Nothing", {})], [], {0: "a.in"}, {1: ("a.*", None)}))
    with pytest.raises(ManifestError):
        opened(segment([("a", "AddNode", {"x": 1})], [], {0: "a.in"}, {1: ("a.*", None)}))


def test_what_fails_after_the_first_error_is_noted():
    nodes = [("a", "BadEndNode", {}), ("b", "BadStartNode", {})]
    spec = segment(nodes, [("a.out", "b.in")], {0: "a.in"}, {1: ("b.*", None)})
    with pytest.raises(NodeError, match="ValueError: no") as caught:
        opened(spec, [BadStartNode, BadEndNode])
    assert caught.value.__notes__ == [
        "then failed: NodeError: ValueError: stuck [node 'a' (BadEndNode)]"
    ]
    assert LOG == ["init a", "close a"]


class Injected(BaseException):
    """What a host raises in a node's thread."""


class InterruptedNode(ProbeNode):
    """Is interrupted in one of its verbs."""

    verb: str = Param("", doc="Where.")
    kind: str = Param("KeyboardInterrupt", doc="By what.")

    def interrupted(self, verb):
        if self.verb == verb:
            raise INTERRUPTS[self.kind]

    def init(self):
        super().init()
        self.interrupted("init")

    def process(self, item):
        self.interrupted("process")
        return item

    def flush(self):
        self.interrupted("flush")

    def close(self):
        super().close()
        self.interrupted("close")


class InterruptedGeneratorNode(InterruptedNode):
    """Is interrupted while it yields."""

    def process(self, item):
        try:
            yield item
            self.interrupted("process")
        finally:
            LOG.append("finally")


class InterruptedAsyncNode(InterruptedNode):
    """Is interrupted while it waits."""

    async def process(self, item):
        await asyncio.sleep(0)
        self.interrupted("process")
        yield item


class InterruptedSourceNode(InterruptedNode):
    """Is interrupted in its second tick."""

    inputs = {}

    def process(self):
        try:
            yield 1
            self.interrupted("process")
        finally:
            LOG.append("finally")


INTERRUPTS = {
    "KeyboardInterrupt": KeyboardInterrupt,
    "Injected": Injected,
    "CancelledError": asyncio.CancelledError,
    "SystemExit": SystemExit,
}
INTERRUPTED = [
    InterruptedNode,
    InterruptedGeneratorNode,
    InterruptedAsyncNode,
    InterruptedSourceNode,
]
RETRY = {"max_retries": 2, "base_delay_ms": 0, "max_delay_ms": 0, "multiplier": 1}


def between(cls, verb, kind="KeyboardInterrupt"):
    """A node that does not want its failures to be noticed, between two others."""
    fields = {"on_error": "skip", "retry": RETRY, "timeout_ms": 1000}
    nodes = [
        ("a", "ProbeNode", {}),
        ("b", cls.type_name, {"verb": verb, "kind": kind}, fields),
        ("c", "ProbeNode", {}),
    ]
    joins = [("b.out", "c.in")]
    return segment(nodes, joins, {0: "a.in", 1: "b.in"}, {2: ("c.*", None)})


@pytest.mark.parametrize("timed", [True, False])
@pytest.mark.parametrize("kind", INTERRUPTS)
@pytest.mark.parametrize("cls", INTERRUPTED, ids=lambda cls: cls.type_name)
async def test_an_interrupt_passes_through_and_every_node_is_closed_once(cls, kind, timed):
    enter = (lambda order, round_: None) if timed else None
    engine = opened(between(cls, "process", kind), [ProbeNode, cls], enter=enter)
    LOG.clear()
    with pytest.raises(INTERRUPTS[kind]):
        await drive_async(engine.run([Batch(None, 1, [0, 1], ["x", "y"])]))
    engine.close()
    engine.close()
    assert [entry for entry in LOG if entry != "finally"] == ["close c", "close b", "close a"]
    assert LOG.count("finally") == ("finally" in LOG) == (cls.type_name[11] in "GS")
    metrics = engine.metrics()
    assert (metrics["skipped"]["count"], metrics["circuits"]) == (0, {})


def test_an_interrupt_of_a_flush():
    engine = opened(between(InterruptedNode, "flush"), [ProbeNode, InterruptedNode])
    with pytest.raises(KeyboardInterrupt):
        drive(engine.flush([]))
    engine.close()
    assert LOG[-3:] == ["close c", "close b", "close a"]


def test_an_interrupt_of_a_close_is_raised_when_all_are_closed():
    engine = opened(between(InterruptedNode, "close"), [ProbeNode, InterruptedNode])
    with pytest.raises(KeyboardInterrupt):
        engine.close()
    closed = ["init a", "init b", "init c", "close c", "close b", "close a"]
    assert closed == LOG
    engine.close()
    assert closed == LOG


def test_an_interrupt_of_an_init_closes_those_before():
    with pytest.raises(KeyboardInterrupt):
        opened(between(InterruptedNode, "init"), [ProbeNode, InterruptedNode])
    assert LOG == ["init a", "init b", "close a"]


def test_memory_that_runs_out_has_a_code_of_its_own():
    class GreedyNode(Node):
        def process(self, item):
            return bytearray(sys.maxsize)

    spec = segment([("g", "GreedyNode", {})], [], {0: "g.in"}, {1: ("g.*", None)})
    _, error = run(opened(spec, [GreedyNode]), (0, [0], [1]))
    assert (error.code, error.node_id) == ("out_of_memory", "g")
    assert "bytearray(sys.maxsize)" in error.traceback
