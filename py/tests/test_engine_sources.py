import asyncio

import pytest
from segments import flush, opened, run, segment

from remotemedia import Node, NodeError, Out, Param
from remotemedia._effects import Batch, drive, drive_async

LOG = []


class SourceNode(Node):
    """Gives what the function in `WAYS` gives."""

    inputs = {}
    outputs = {"out": ("any",), "side": ("any",)}

    way: str = Param(doc="Which.")

    def process(self):
        LOG.append("process")
        return WAYS[self.way]()

    def flush(self):
        return "the end"

    def close(self):
        LOG.append("close")


def numbers():
    try:
        yield 1
        yield None
        yield Out("side", 2)
        yield Out("out", None)
        yield [3]
    finally:
        LOG.append("finally")


async def async_numbers():
    try:
        for number in (1, None, 2):
            await asyncio.sleep(0)
            yield number
    finally:
        LOG.append("finally")


async def slow_end():
    try:
        yield 1
        yield 2
    finally:
        await asyncio.sleep(0)
        LOG.append("finally")


async def later():
    await asyncio.sleep(0)
    return 7


def failing():
    yield 1
    raise OSError("unplugged")


def strange():
    yield 1
    yield object()
    yield 3


def stubborn():
    try:
        yield 1
    finally:
        raise ValueError("stuck")


WAYS = {
    "numbers": numbers,
    "async numbers": async_numbers,
    "slow end": slow_end,
    "failing": failing,
    "strange": strange,
    "stubborn": stubborn,
    "one": lambda: 5,
    "list": lambda: [1, 2],
    "none": lambda: None,
    "later": later,
    "error": lambda: 1 / 0,
    "lost": lambda: Out("nowhere", 1),
}


@pytest.fixture(autouse=True)
def _empty_log():
    LOG.clear()


def source(way, **fields):
    spec = segment([("s", "SourceNode", {"way": way}, fields)], [], {0: "s.in"}, {1: ("s.*", None)})
    return opened(spec, [SourceNode])


def tick(engine, first, count):
    return engine.run([Batch(None, 0, list(range(first, first + count)), [None] * count)])


def result(effects):
    found = drive(effects)
    columns = [(b.rounds, b.values) for b in found.outputs]
    return columns[0] if columns else ([], []), found.ended


def test_a_tick_gives_the_next_value_on_any_port():
    engine = source("numbers")
    assert result(tick(engine, 0, 1)) == (([0], [1]), False)
    assert result(tick(engine, 1, 2)) == (([1, 2], [2, None]), False)
    assert result(tick(engine, 3, 9)) == (([3], [[3]]), True)
    assert result(tick(engine, 12, 1)) == (([], []), True)
    assert flush(engine) == ({1: ([13], ["the end"])}, None)
    engine.close()
    assert LOG == ["process", "finally", "close"]
    assert engine.metrics()["nodes"][0]["execution_count"] == 4


@pytest.mark.parametrize(("way", "values"), [("one", [5]), ("list", [[1, 2]]), ("none", [])])
def test_a_plain_return_is_one_value(way, values):
    engine = source(way)
    assert result(tick(engine, 0, 3)) == (([0] * len(values), values), True)
    assert LOG == ["process"]


async def finish(effects):
    found = await drive_async(effects)
    return [value for b in found.outputs for value in b.values], found.ended


async def test_async_sources():
    engine = source("async numbers")
    assert await finish(tick(engine, 0, 1)) == ([1], False)
    assert await finish(tick(engine, 1, 1)) == ([2], False)
    assert await finish(tick(engine, 2, 1)) == ([], True)
    assert await finish(tick(source("later"), 0, 2)) == ([7], True)
    engine.close()
    assert LOG == ["process", "finally", "process", "close"]


class AsyncSourceNode(Node):
    """Waits between its values."""

    inputs = {}

    async def process(self):
        await asyncio.sleep(0)
        yield 1
        await asyncio.sleep(0)
        yield 2


async def test_an_async_source_makes_the_segment_async():
    spec = segment([("s", "AsyncSourceNode", {})], [], {0: "s.in"}, {1: ("s.*", None)})
    engine = opened(spec, [AsyncSourceNode])
    assert engine.is_async
    assert await finish(tick(engine, 0, 5)) == ([1, 2], True)


def test_a_source_that_did_not_end_is_closed_before_its_node():
    engine = source("numbers")
    drive(tick(engine, 0, 1))
    engine.close()
    engine.close()
    assert LOG == ["process", "finally", "close"]


async def test_the_end_of_an_async_source_runs_at_once_if_it_need_not_wait():
    engine = source("async numbers")
    await finish(tick(engine, 0, 1))
    engine.close()
    assert LOG == ["process", "finally", "close"]


async def test_the_end_of_an_async_source_that_waits_runs_in_the_event_loop():
    engine = source("slow end")
    await finish(tick(engine, 0, 1))
    engine.close()
    assert LOG == ["process", "close"]
    for _ in range(5):
        await asyncio.sleep(0)
    assert LOG == ["process", "close", "finally"]


def test_a_source_that_fails_ends_and_is_closed():
    failed = drive(tick(source("failing"), 0, 3))
    assert failed.error is not None and not failed.ended
    engine = source("failing")
    outputs, error = run(engine, (0, [0, 1, 2], [None] * 3))
    assert outputs == {1: ([0], [1])}
    assert (error.message, error.item_index, error.node_id) == ("OSError: unplugged", 1, "s")
    assert drive(tick(engine, 1, 1)) == ([], None, True)
    counts = engine.metrics()["nodes"][0]
    assert (counts["execution_count"], counts["error_count"]) == (2, 1)


@pytest.mark.parametrize(
    ("way", "values"), [("failing", [1]), ("strange", [1]), ("error", []), ("lost", [])]
)
def test_a_failed_tick_that_is_skipped_ends_the_source_and_is_not_retried(way, values):
    retry = {"max_retries": 3, "base_delay_ms": 0, "max_delay_ms": 0, "multiplier": 1}
    engine = source(way, on_error="skip", retry=retry)
    effects = tick(engine, 0, 5)
    with pytest.raises(StopIteration) as end:
        next(effects)
    assert [value for b in end.value.value.outputs for value in b.values] == values
    assert end.value.value.ended
    assert engine.metrics()["skipped"]["count"] == 1
    engine.close()


def test_an_error_at_the_end_of_a_source_is_raised_after_all_are_closed():
    engine = source("stubborn")
    drive(tick(engine, 0, 1))
    with pytest.raises(NodeError, match="ValueError: stuck"):
        engine.close()
    assert LOG == ["process", "close"]


def test_all_sources_of_a_segment_must_end():
    nodes = [("a", "SourceNode", {"way": "one"}), ("b", "SourceNode", {"way": "numbers"})]
    spec = segment(nodes, [], {0: "a.in", 1: "b.in"}, {2: ("a.*", None), 3: ("b.*", None)})
    engine = opened(spec, [SourceNode])
    for first, ended in [(0, False), (4, True)]:
        rounds = list(range(first, first + 4))
        batches = [Batch(None, edge, rounds, [None] * 4) for edge in (0, 1)]
        assert drive(engine.run(batches)).ended == ended
    assert not drive(engine.flush([])).ended


def test_a_segment_without_sources_never_ends():
    spec = segment([("p", "PassThroughNode", {})], [], {0: "p.in"}, {1: ("p.*", None)})
    assert not drive(opened(spec).run([Batch(None, 0, [0], [1])])).ended


def test_ticks_beyond_a_limit_are_not_made():
    engine = source("numbers")
    outputs, _ = run(engine, (0, [0, 1, 2], [None] * 3), until=(1, 0))
    assert outputs == {1: ([0], [1])}
    assert result(tick(engine, 1, 1)) == (([1], [2]), False)


class TickedNode(Node):
    """Takes the item of the first tick."""

    inputs = {}

    def process(self, item, port):
        return [item, port]


def test_process_of_a_source_may_take_an_item_and_a_port():
    spec = segment([("s", "TickedNode", {})], [], {0: "s.in"}, {1: ("s.*", None)})
    outputs, _ = run(opened(spec, [TickedNode]), (0, [0, 1], [None, None]))
    assert outputs == {1: ([0], [[None, "in"]])}
