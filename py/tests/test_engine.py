import math
import weakref
from itertools import pairwise

import numpy as np
import pytest
from segments import flush, opened, run, segment

from remotemedia import (
    Audio,
    ManifestError,
    Node,
    NodeError,
    Out,
    PacketError,
    Param,
    RuntimeLoadError,
)
from remotemedia._effects import Batch, Emit, Result, Sleep
from remotemedia._engine import size_of

LOG = []


class ProbeNode(Node):
    """Records its calls; `fail_at` names the item at which it fails."""

    name_: str = Param("", doc="Name in the log.")
    fail_at: int | None = Param(None, doc="Item.")

    def init(self):
        LOG.append(f"init {self.id}")

    def process(self, item):
        LOG.append((self.id, item))
        if item == self.fail_at:
            raise KeyError(item)
        return item

    def flush(self):
        LOG.append(f"flush {self.id}")
        return f"end of {self.id}"

    def close(self):
        LOG.append(f"close {self.id}")


class LostNode(Node):
    """Emits on a port that it does not have."""

    def process(self, item):
        return Out("nowhere", item)


class SplitNode(Node):
    """Sends even numbers to `even`, others to `out`, nothing for negative ones."""

    outputs = {"out": ("any",), "even": ("any",)}

    def process(self, item):
        if item < 0:
            return None
        return item if item % 2 else Out("even", item)


class JoinNode(Node):
    """Tells at which port an item arrived."""

    inputs = {"in": ("any",), "side": ("any",)}

    def process(self, item, port):
        return [port, item]


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


async def async_none():
    return None


NODES = [ProbeNode, SplitNode, JoinNode, GiveNode]


@pytest.fixture(autouse=True)
def _empty_log():
    LOG.clear()


def give(way, item=5):
    engine = opened(
        segment([("g", "GiveNode", {"way": way})], [], {0: "g.in"}, {1: ("g.*", None)}), NODES
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


def diamond(**more):
    nodes = [
        ("a", "PassThroughNode", {}),
        ("b", "MultiplyNode", {"factor": 2}),
        ("c", "AddNode", {"addend": 10}),
        ("d", "PassThroughNode", {}),
    ]
    joins = [("a.out", "b.in"), ("a.out", "c.in"), ("b.out", "d.in"), ("c.out", "d.in")]
    return segment(nodes, joins, {0: "a.in"}, {1: ("d.*", None)}, **more)


def test_rounds_come_in_order_and_connections_within_a_round():
    outputs, error = run(opened(diamond()), (0, [3, 4], [7, 8]))
    assert outputs == {1: ([3, 3, 4, 4], [14, 17, 16, 18])}
    assert error is None


def test_packets_of_one_edge_follow_on():
    engine = opened(diamond())
    assert run(engine, (0, [0], [7]), (0, [1], [8]))[0][1][1] == [14, 17, 16, 18]
    assert run(engine, (0, [2], [9]), (0, [], []))[0][1] == ([2, 2], [18, 19])
    assert run(engine) == ({}, None)


def test_an_unknown_edge_is_refused():
    with pytest.raises(PacketError, match="edge 7"):
        run(opened(diamond()), (7, [0], [1]))


def test_ports_lead_to_their_connections():
    spec = segment(
        [("s", "SplitNode", {}), ("e", "PassThroughNode", {}), ("j", "JoinNode", {})],
        [("s.even", "e.in"), ("s.out", "j.side"), ("e.out", "j.in")],
        {0: "s.in"},
        {1: ("j.*", None)},
    )
    outputs, _ = run(opened(spec, NODES), (0, [0, 1, 2, 3], [1, 2, -1, 4]))
    assert outputs[1] == ([0, 1, 3], [["side", 1], ["in", 2], ["in", 4]])


def test_a_sink_gives_what_it_emits_on_any_port_in_order():
    spec = segment([("s", "SplitNode", {})], [], {0: "s.in"}, {1: ("s.*", None), 2: ("s.even", 3)})
    outputs, _ = run(opened(spec, NODES), (0, [0, 1, 2], [1, 2, 3]))
    assert outputs == {1: ([0, 1, 2], [1, 2, 3]), 2: ([1], [2])}


def test_flush_travels_on_node_by_node():
    spec = segment(
        [("a", "ProbeNode", {}), ("b", "ProbeNode", {})],
        [("a.out", "b.in")],
        {0: "a.in"},
        {1: ("b.*", None)},
    )
    engine = opened(spec, NODES)
    run(engine, (0, [0], [1]))
    LOG.clear()
    outputs, _ = flush(engine, (0, [1], ["last"]))
    assert outputs == {1: ([1, 1, 1], ["last", "end of a", "end of b"])}
    assert LOG == [
        ("a", "last"), "flush a", ("b", "last"), ("b", "end of a"), "flush b",
    ]  # fmt: skip


def test_flush_without_any_item():
    spec = segment([("a", "ProbeNode", {})], [], {0: "a.in"}, {1: ("a.*", None)})
    assert flush(opened(spec, NODES)) == ({1: ([0], ["end of a"])}, None)


def test_items_of_the_flush_round_count_as_one_round_whatever_their_numbers():
    spec = segment([("a", "PassThroughNode", {})], [], {0: "a.in", 1: "a.in"}, {2: ("a.*", None)})
    outputs, _ = flush(opened(spec), (0, [9], ["first"]), (1, [4], ["second"]))
    assert outputs == {2: ([9, 9], ["first", "second"])}


def probes(*fails):
    names = [f"p{i}" for i in range(len(fails))]
    return segment(
        [
            (name, "ProbeNode", {} if at is None else {"fail_at": at})
            for name, at in zip(names, fails, strict=True)
        ],
        [(f"{a}.out", f"{b}.in") for a, b in pairwise(names)],
        {0: "p0.in"},
        {1: (f"{names[-1]}.*", None), 2: ("p0.out", 1)},
    )


def test_the_smallest_round_fails_and_calls_above_it_are_not_made():
    outputs, error = run(opened(probes(3, 2, None), NODES), (0, [0, 1, 2, 3], [1, 2, 3, 4]))
    assert (error.node_id, error.item_index, error.round, error.order) == ("p1", 1, 1, 1)
    calls = [entry for entry in LOG if isinstance(entry, tuple)]
    assert calls == [
        ("p0", 1), ("p0", 2), ("p0", 3), ("p1", 1), ("p1", 2), ("p2", 1),
    ]  # fmt: skip
    # Of round 1 the call of p0 is smaller than the failed one, so its output is there.
    assert outputs == {1: ([0], [1]), 2: ([0, 1], [1, 2])}


@pytest.mark.parametrize(
    ("until", "seen"),
    [
        ((1, 0), {1: ([0], [1]), 2: ([0], [1])}),
        ((1, 1), {1: ([0], [1]), 2: ([0, 1], [1, 2])}),
        ((0, 0), {}),
        ((math.inf, 0), {1: ([0, 1], [1, 2]), 2: ([0, 1], [1, 2])}),
    ],
)
def test_a_limit_from_outside(until, seen):
    engine = opened(probes(None, None), NODES)
    assert run(engine, (0, [0, 1], [1, 2]), until=until) == (seen, None)


def test_a_limit_in_flush_counts_orders_alone():
    engine = opened(probes(None, None), NODES)
    outputs, error = flush(engine, (0, [3], [1]), until=(0, 1))
    assert outputs == {2: ([3, 3], [1, "end of p0"])}
    assert error is None


def test_an_error_in_flush_has_no_item():
    engine = opened(probes(1), NODES)
    _, error = flush(engine, (0, [0], [1]))
    assert (error.item_index, error.order, error.node_id) == (None, 0, "p0")


def test_the_traceback_shows_the_authors_lines_only():
    _, error = run(opened(probes(1), NODES), (0, [0], [1]))
    assert error.message == "KeyError: 1"
    assert "raise KeyError(item)" in error.traceback
    assert error.traceback.count('File "') == 1
    assert __file__ in error.traceback
    assert isinstance(error.__cause__, KeyError)


def test_the_traceback_of_a_built_in_node_shows_the_node_not_the_engine():
    spec = segment([("m", "MultiplyNode", {})], [], {0: "m.in"}, {1: ("m.*", None)})
    _, error = run(opened(spec), (0, [0], ["x"]))
    assert "multiply.py" in error.traceback
    assert "_calls.py" not in error.traceback
    assert "not str" in error.message


def test_an_error_that_the_engine_words_itself_needs_no_traceback():
    spec = segment([("m", "LostNode", {})], [], {0: "m.in"}, {1: ("m.*", None)})
    _, error = run(opened(spec, [LostNode]), (0, [0], [1]))
    assert "no output port 'nowhere'" in error.message
    assert error.traceback is None


def test_skip_drops_the_call_and_records_the_error():
    spec = segment(
        [("p", "ProbeNode", {"fail_at": 2}, {"on_error": "skip"})],
        [],
        {0: "p.in"},
        {1: ("p.*", None)},
    )
    engine = opened(spec, NODES)
    outputs, error = run(engine, (0, [0, 1, 2], [1, 2, 3]))
    assert (outputs, error) == ({1: ([0, 2], [1, 3])}, None)
    run(engine, (0, list(range(3, 303)), [2, 4] * 150))
    metrics = engine.metrics()
    assert metrics["skipped"]["count"] == 151
    assert len(metrics["skipped"]["errors"]) == 100
    assert metrics["skipped"]["errors"][0]["item_index"] == 1
    counts = [metrics["nodes"][0][f"{kind}_count"] for kind in ("execution", "success", "error")]
    assert counts == [303, 152, 151]


class FlakyNode(Node):
    """Fails the first `failures` calls, after having yielded something."""

    failures: int = Param(doc="How many.")

    def init(self):
        self.calls = 0

    def process(self, item):
        yield "too early"
        self.calls += 1
        if self.calls <= self.failures:
            raise OSError("flaky")
        yield item


def flaky(failures, **fields):
    retry = {"max_retries": 3, "base_delay_ms": 4, "max_delay_ms": 10, "multiplier": 2}
    return opened(
        segment(
            [("f", "FlakyNode", {"failures": failures}, {"retry": retry} | fields)],
            [],
            {0: "f.in"},
            {1: ("f.*", None)},
        ),
        [FlakyNode],
    )


def test_a_retried_call_is_atomic():
    engine = flaky(3)
    effects = engine.run([Batch(None, 0, [0, 1], ["a", "b"])])
    sleeps = [next(effects).milliseconds for _ in range(3)]
    assert all(0 <= sleep <= most for sleep, most in zip(sleeps, [4, 8, 10], strict=True))
    with pytest.raises(StopIteration) as end:
        next(effects)
    assert end.value.value == Result(
        [Batch(None, 1, [0, 0, 1, 1], ["too early", "a", "too early", "b"])], None
    )
    counts = engine.metrics()["nodes"][0]
    assert (counts["execution_count"], counts["error_count"]) == (5, 3)


def test_retries_end():
    outputs, error = run(flaky(9), (0, [0, 1], ["a", "b"]))
    assert outputs == {}
    assert error.message == "OSError: flaky"
    outputs, error = run(flaky(5, on_error="skip"), (0, [0, 1], ["a", "b"]))
    assert (outputs[1][0], error) == ([1, 1], None)


def test_much_is_emitted_in_portions():
    spec = segment(
        [("p", "PassThroughNode", {})], [], {0: "p.in"}, {1: ("p.*", None), 2: ("p.out", 1)}
    )
    engine = opened(spec, most_items=4)
    effects = engine.run([Batch(None, 0, list(range(6)), list("abcdef"))])
    sizes = []
    try:
        while True:
            effect = next(effects)
            assert type(effect) is Emit
            sizes.append([(b.edge, b.values) for b in effect.outputs])
    except StopIteration as end:
        sizes.append([(b.edge, b.values) for b in end.value.outputs])
    assert sizes == [
        [(1, list("abcd"))],
        [(1, list("ef")), (2, list("ab"))],
        [(2, list("cdef"))],
    ]


def test_large_arrays_are_emitted_in_portions():
    spec = segment([("p", "PassThroughNode", {})], [], {0: "p.in"}, {1: ("p.*", None)})
    engine = opened(spec, most_bytes=1000)
    values = [np.zeros(50), {"a": [np.zeros(50)]}, b"x" * 900, 1]
    effects = engine.run([Batch(None, 0, [0, 1, 2, 3], values)])
    portions = [len(effect.outputs[0].values) for effect in effects]
    assert portions == [3]


def test_sizes():
    audio = Audio(np.zeros((2, 10)), 8000)
    assert size_of([1, "text", b"123", {"a": np.zeros(2)}, audio]) == 3 + 16 + 80


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


def test_durations_are_measured_when_asked():
    engine = opened(diamond(metrics=True))
    run(engine, (0, [0], [1]))
    run(engine, (0, [1], [1]))
    node = engine.metrics()["nodes"][0]
    assert node["execution_count"] == 2
    durations = [node[f"{kind}_duration_us"] for kind in ("min", "max", "total")]
    assert 0 <= durations[0] <= durations[1] <= durations[2]
    silent = opened(diamond())
    run(silent, (0, [0], [1]))
    node = silent.metrics()["nodes"][0]
    assert (node["execution_count"], node["total_duration_us"], node["min_duration_us"]) == (
        1,
        0,
        None,
    )


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


def test_arrays_are_released_when_they_are_used():
    spec = segment([("n", "PassThroughNode", {})], [], {0: "n.in"}, {1: ("n.*", None)})
    engine = opened(spec)
    array = np.zeros(10)
    alive = weakref.ref(array)
    run(engine, (0, [0], [array]))
    del array
    assert alive() is None


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


def test_waits_stay_within_what_timers_can_do():
    huge = {"max_retries": 3, "base_delay_ms": 1, "max_delay_ms": 10.0**300, "multiplier": 1e200}
    engine = flaky(9, retry=huge)
    sleeps = [e for e in engine.run([Batch(None, 0, [0], ["a"])]) if type(e) is Sleep]
    assert len(sleeps) == 3
    assert all(0 <= sleep.milliseconds < 2**31 for sleep in sleeps)


def test_retries_of_a_flush_are_not_counted():
    class LateNode(Node):
        tries = 0

        def flush(self):
            self.tries += 1
            if self.tries < 3:
                raise OSError

        def process(self, item):
            return item

    retry = {"max_retries": 3, "base_delay_ms": 0, "max_delay_ms": 0, "multiplier": 1}
    spec = segment([("l", "LateNode", {}, {"retry": retry})], [], {0: "l.in"}, {1: ("l.*", None)})
    engine = opened(spec, [LateNode])
    assert flush(engine)[1] is None
    counts = engine.metrics()["nodes"][0]
    assert (counts["execution_count"], counts["error_count"]) == (0, 0)
