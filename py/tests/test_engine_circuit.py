import pytest
from segments import flush, opened, run, segment

from remotemedia import CircuitOpenError, Node
from remotemedia import _circuit as circuit

RETRY = {"max_retries": 1, "base_delay_ms": 0, "max_delay_ms": 0, "multiplier": 1}


class MoodyNode(Node):
    """Fails at "x"."""

    def init(self):
        self.calls = []

    def process(self, item):
        self.calls.append(item)
        if item == "x":
            raise ValueError(item)
        return item


class MoodySourceNode(MoodyNode):
    """Fails at once."""

    inputs = {}

    def process(self):
        raise ValueError("x")


class MoodyFlushNode(MoodyNode):
    """Fails at the end."""

    def flush(self):
        raise ValueError("end")


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(circuit, "time", clock)
    return clock


def made(kind="MoodyNode", **fields):
    spec = segment(
        [("m", kind, {}, {"on_error": "skip"} | fields)], [], {0: "m.in"}, {1: ("m.*", None)}
    )
    return opened(spec, [MoodyNode, MoodySourceNode, MoodyFlushNode])


def values(engine, items, first=0):
    outputs, _ = run(engine, (0, list(range(first, first + len(items))), list(items)))
    return outputs.get(1, ([], []))[1]


def names(engine):
    return [error["name"] for error in engine.metrics()["skipped"]["errors"]]


def test_it_opens_at_the_fifth_failure_in_a_row():
    engine = made()
    assert values(engine, "xxxx1xxxxx23") == ["1"]
    assert names(engine) == ["NodeError"] * 9 + ["CircuitOpenError"] * 2
    counts = engine.metrics()["nodes"][0]
    assert (counts["execution_count"], counts["error_count"]) == (10, 9)


def test_after_30_seconds_one_call_is_tried(clock):
    engine = made()
    values(engine, "xxxxx")
    assert engine.metrics()["circuits"] == {"m": {"failures": 5, "wait_ms": 30_000}}
    clock.now += 29.9995
    assert engine.metrics()["circuits"] == {"m": {"failures": 5, "wait_ms": 1}}
    assert values(engine, "1", 5) == []
    clock.now += 0.001
    assert values(engine, "x23", 6) == []
    assert engine.metrics()["circuits"] == {"m": {"failures": 6, "wait_ms": 30_000}}
    clock.now += 30
    assert values(engine, "45x6", 9) == ["4", "5", "6"]
    assert engine.metrics()["circuits"] == {}


def test_the_state_of_earlier_runs_goes_on(clock):
    engine = made(circuit={"failures": 4, "wait_ms": 0})
    assert values(engine, "x1") == []
    engine = made(circuit={"failures": 4, "wait_ms": 0})
    assert values(engine, "1xxxx2") == ["1", "2"]
    engine = made(circuit={"failures": 7, "wait_ms": 12_000})
    assert values(engine, "1") == []
    assert engine.metrics()["circuits"] == {"m": {"failures": 7, "wait_ms": 12_000}}
    clock.now += 12
    assert values(engine, "2", 1) == ["2"]
    assert made(circuit={"failures": 5, "wait_ms": 0}).metrics()["circuits"] == {
        "m": {"failures": 5, "wait_ms": 0}
    }


def test_a_call_with_all_its_retries_is_one_failure():
    engine = made(retry=RETRY)
    values(engine, "xxxx")
    assert engine.metrics()["circuits"]["m"]["failures"] == 4
    assert engine.metrics()["nodes"][0]["error_count"] == 8


class SecondTryNode(Node):
    """Fails at "x", and at "y" the first time."""

    def init(self):
        self.tries = 0

    def process(self, item):
        self.tries += item == "y"
        if item == "x" or self.tries == 1:
            self.tries += item == "y"
            raise ValueError(item)
        return item


def test_a_retry_that_works_starts_anew():
    fields = {"on_error": "skip", "retry": RETRY}
    spec = segment([("m", "SecondTryNode", {}, fields)], [], {0: "m.in"}, {1: ("m.*", None)})
    engine = opened(spec, [SecondTryNode])
    assert values(engine, "xxxxy") == ["y"]
    assert engine.metrics()["circuits"] == {}


def test_a_failure_in_the_flush_round_counts_though_the_node_has_no_flush():
    engine = made()
    flush(engine, (0, [0], ["x"]))
    assert engine.metrics()["circuits"]["m"]["failures"] == 1


def test_an_open_circuit_ends_a_run_that_does_not_skip():
    engine = made(circuit={"failures": 5, "wait_ms": 9}, on_error="fail")
    _, error = run(engine, (0, [3], [1]))
    assert isinstance(error, CircuitOpenError)
    assert (error.node_id, error.item_index, error.order, error.code) == ("m", 3, 0, "circuit_open")
    assert error.traceback is None
    assert engine.metrics()["nodes"][0]["execution_count"] == 0


def test_a_node_without_a_flush_of_its_own_is_not_called_at_the_end():
    engine = made()
    values(engine, "xxx")
    flush(engine)
    assert engine.metrics()["circuits"]["m"]["failures"] == 3
    engine = made(circuit={"failures": 5, "wait_ms": 9})
    assert flush(engine) == ({}, None)
    assert names(engine) == []


def test_a_failed_flush_counts():
    engine = made("MoodyFlushNode")
    flush(engine)
    assert engine.metrics()["circuits"]["m"]["failures"] == 1
    engine = made("MoodyFlushNode", circuit={"failures": 5, "wait_ms": 9})
    flush(engine)
    assert names(engine) == ["CircuitOpenError"]


def test_a_failed_tick_counts():
    engine = made("MoodySourceNode", on_error="fail", circuit={"failures": 4, "wait_ms": 0})
    assert run(engine, (0, [0], [None]))[1].message == "ValueError: x"
    assert engine.metrics()["circuits"]["m"]["failures"] == 5
    engine = made("MoodySourceNode", on_error="fail", circuit={"failures": 5, "wait_ms": 9})
    assert isinstance(run(engine, (0, [0], [None]))[1], CircuitOpenError)


def test_other_nodes_are_not_affected():
    nodes = [("m", "MoodyNode", {}, {"on_error": "skip"}), ("n", "MoodyNode", {})]
    spec = segment(nodes, [], {0: "m.in", 1: "n.in"}, {2: ("m.*", None), 3: ("n.*", None)})
    engine = opened(spec, [MoodyNode])
    outputs, _ = run(engine, (0, list(range(6)), list("xxxxx1")), (1, [0], ["fine"]))
    assert outputs == {3: ([0], ["fine"])}
