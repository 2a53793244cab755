import pytest
from segments import opened, segment

from remotemedia import Node
from remotemedia._effects import Batch, drive
from remotemedia._engine import NO_DEADLINE


class StepNode(Node):
    """Fails at "x", has something left at the end."""

    inputs = {"in": ("any",), "side": ("any",)}

    def process(self, item, port):
        if item == "x":
            raise ValueError(item)
        return item

    def flush(self):
        return "end"


def made(*timed, **fields):
    nodes = [
        (name, "StepNode", {}, ({"timeout_ms": 5} if name in timed else {}) | fields)
        for name in ("a", "b", "c")
    ]
    joins = [("a.out", "b.in"), ("b.out", "c.in")]
    calls = []
    spec = segment(nodes, joins, {0: "a.in"}, {1: ("c.*", None)})
    return opened(spec, [StepNode], enter=lambda *call: calls.append(call)), calls


def run(engine, *values, first=0):
    return drive(engine.run([Batch(None, 0, list(range(first, first + len(values))), values)]))


def test_every_call_with_a_deadline_is_announced_and_the_next_without():
    engine, calls = made("b")
    assert run(engine, 7, 8).outputs[0].values == [7, 8]
    assert calls == [(1, 0), (1, 1), (NO_DEADLINE, 0)]
    calls.clear()
    run(engine, 9, first=2)
    assert calls == [(1, 2), (NO_DEADLINE, 0)]  # the end of the call before ended its deadline


def test_the_return_of_a_call_ends_the_last_deadline():
    engine, calls = made("c")
    run(engine, 1)
    run(engine, 2, first=1)
    drive(engine.flush([]))
    assert calls == [(2, 0), (2, 1), (2, 2), (2, 2), (2, 2)]


def test_flush_is_a_call_too():
    engine, calls = made("a", "c")
    drive(engine.flush([]))
    assert calls == [(0, 0), (NO_DEADLINE, 0), (2, 0), (2, 0), (2, 0)]


def test_without_a_deadline_nothing_is_announced():
    engine, calls = made()
    run(engine, 1)
    drive(engine.flush([]))
    assert calls == []
    assert engine._enter is None


def test_every_try_has_its_own_deadline():
    retry = {"max_retries": 2, "base_delay_ms": 0, "max_delay_ms": 0, "multiplier": 1}
    engine, calls = made("a", retry=retry, on_error="skip")
    assert run(engine, "x", 1).outputs[0].values == [1]
    assert calls == [(0, 0)] * 3 + [(0, 1), (NO_DEADLINE, 0)]


def test_ticks_have_deadlines():
    calls = []
    nodes = [("r", "RangeGeneratorNode", {"end": 2}, {"timeout_ms": 1})]
    spec = segment(nodes, [], {0: "r.in"}, {1: ("r.*", None)})
    engine = opened(spec, enter=lambda *call: calls.append(call))
    drive(engine.run([Batch(None, 0, [0, 1, 2, 3], [None] * 4)]))
    assert calls == [(0, 0), (0, 1), (0, 2)]


class Interrupt(BaseException):
    """What a host's timer raises."""


def test_the_host_may_interrupt_from_within():
    def enter(order, round_):
        if round_ == 1:
            raise Interrupt

    nodes = [("a", "StepNode", {}, {"timeout_ms": 5, "on_error": "skip"})]
    spec = segment(nodes, [], {0: "a.in"}, {1: ("a.*", None)})
    engine = opened(spec, [StepNode], enter=enter)
    with pytest.raises(Interrupt):
        run(engine, 1, 2, 3)
    assert engine.metrics()["skipped"]["count"] == 0
