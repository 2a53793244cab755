import itertools
import weakref

import numpy as np
import pytest
from probes import LOG, NODES
from segments import flush, opened, run, segment

from remotemedia import Audio, PacketError
from remotemedia._effects import Batch, Emit
from remotemedia._engine import size_of


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


def test_arrays_are_released_when_they_are_used():
    spec = segment([("n", "PassThroughNode", {})], [], {0: "n.in"}, {1: ("n.*", None)})
    engine = opened(spec)
    array = np.zeros(10)
    alive = weakref.ref(array)
    run(engine, (0, [0], [array]))
    del array
    assert alive() is None


def test_a_node_without_a_flush_of_its_own_is_not_measured_at_the_end():
    engine = opened(diamond(metrics=True, trace=True))
    flush(engine)
    assert engine.metrics()["spans"] == []
    assert engine.metrics()["nodes"][0]["max_duration_us"] is None


def test_spans_are_traced_when_asked():
    engine = opened(diamond(trace=True))
    for round_ in range(2):
        run(engine, (0, [round_], [1]))
    metrics = engine.metrics()
    assert [order for order, *_ in metrics["spans"]] == [0, 1, 2, 3] * 2
    starts = [start for _, start, _ in metrics["spans"]]
    assert starts == sorted(starts)
    assert all(start >= 0 and duration >= 0 for _, start, duration in metrics["spans"])
    assert metrics["nodes"][0]["total_duration_us"] == 0
    assert "spans" not in opened(diamond()).metrics()


def test_the_first_spans_are_kept(monkeypatch):
    monkeypatch.setattr("remotemedia._engine.MOST_SPANS", 6)
    ticks = itertools.count()  # real clocks may be too coarse for such short calls
    monkeypatch.setattr("remotemedia._engine.perf_counter", lambda: next(ticks))
    engine = opened(diamond(trace=True, metrics=True))
    for round_ in range(3):
        run(engine, (0, [round_], [1]))
    metrics = engine.metrics()
    assert len(metrics["spans"]) == 6
    assert metrics["spans"][0][2] == 1e6
    assert metrics["nodes"][0]["total_duration_us"] == 3e6


def test_what_the_engine_takes_counts_in_flush_too(monkeypatch):
    ticks = itertools.count()
    monkeypatch.setattr("remotemedia._engine.perf_counter", lambda: next(ticks))
    engine = opened(diamond(metrics=True))
    run(engine, (0, [0], [1]))
    before = engine.metrics()["engine_us"]
    flush(engine)
    assert engine.metrics()["engine_us"] > before > 0
