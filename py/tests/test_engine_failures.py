import math

import pytest
from probes import LOG, NODES, probes
from segments import flush, opened, run, segment

from remotemedia import Node, Param
from remotemedia._effects import Batch, Result, Sleep


@pytest.fixture(autouse=True)
def _empty_log():
    LOG.clear()


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
