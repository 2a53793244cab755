"""Streams through threads: order, backpressure, live sources, leaving early."""

import asyncio
import threading
import time
import tracemalloc
from contextlib import aclosing

import numpy as np
import pytest
from segments import chain

from remotemedia import (
    Audio,
    CapabilityError,
    ManifestError,
    Node,
    NodeError,
    Pipeline,
    RemoteMediaError,
)

EVENTS = []
GATE = threading.Event()


@pytest.fixture(autouse=True)
def _no_events():
    EVENTS.clear()
    GATE.clear()
    yield
    GATE.set()


class DoorNode(Node):
    """Fails at "bad", waits at "wait"; tells when it is closed."""

    def init(self):
        self.count = 0

    def process(self, item):
        if isinstance(item, str):
            if item == "bad":
                raise ValueError("bad")
            if item == "wait":
                GATE.wait()
        self.count += 1
        return item

    def flush(self):
        return f"{self.count} in all"

    def close(self):
        EVENTS.append("node")


def python(*specs, **options):
    manifest = chain([*specs] or [("DoorNode", {})])
    return Pipeline.from_manifest(manifest, runtime_hint="python", node_types=[DoorNode], **options)


async def numbers(count, *, every=0.0):
    try:
        for i in range(count):
            if every:
                await asyncio.sleep(every)
            yield i
    finally:
        EVENTS.append("source")


async def collect(stream, into=None):
    items = [] if into is None else into
    async for _, item in stream:
        items.append(item)
    return items


async def test_items_come_in_order_and_state_stays():
    shared = python()
    for _ in range(2):
        expected = [*range(1000), "1000 in all"]
        assert await collect(shared.stream(numbers(1000))) == expected
        assert await collect(shared.stream(iter(range(1000)))) == expected
        assert await collect(shared.stream(list(range(1000)))) == expected
        assert [item for _, item in shared.stream_sync(range(1000))] == expected
    assert await collect(shared.stream([])) == ["0 in all"]


async def test_rust_streams():
    shared = Pipeline.from_manifest(chain([("MultiplyNode", {}), ("AddNode", {"addend": 1})]))
    assert await collect(shared.stream(numbers(1000))) == [2 * i + 1 for i in range(1000)]


async def test_a_lone_item_goes_at_once():
    async def talk():
        for word in ("a", "b"):
            yield word
            await asyncio.wait_for(answered.wait(), 20)
            answered.clear()

    answered = asyncio.Event()
    seen = []
    async for _, item in python().stream(talk()):
        seen.append(item)
        answered.set()
    assert seen == ["a", "b", "2 in all"]


async def test_a_lone_item_of_a_blocking_iterator_goes_at_once():
    answered = threading.Event()

    def talk():
        for word in ("a", "b", "c", "d", "e"):
            yield word
            assert answered.wait(20)
            answered.clear()

    seen = []
    async for _, item in python().stream(talk()):
        seen.append(item)
        answered.set()
    assert seen == ["a", "b", "c", "d", "e", "5 in all"]


async def test_a_slow_consumer_holds_the_source_up():
    pulled = 0

    async def endless():
        nonlocal pulled
        while True:
            pulled += 1
            yield pulled

    def endless_too():
        nonlocal pulled
        while True:
            pulled += 1
            yield pulled

    for source in (endless, endless_too):
        pulled = 0
        async with aclosing(python().stream(source())) as stream:
            for _ in range(1000):
                await anext(stream)
            await asyncio.sleep(0.2)
            before = pulled
            await asyncio.sleep(0.2)
            assert pulled == before < 3000


async def test_memory_stays_flat():
    async def arrays():
        for _ in range(2000):
            yield np.zeros(16384, np.float32)

    most = 0
    tracemalloc.start()
    try:
        async for _ in python(("PassThroughNode", {})).stream(arrays()):
            await asyncio.sleep(0)
            most = max(most, tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert most < 40 << 20  # all of it is 125 MiB


async def test_leaving_early_closes_everything_before_it_returns():
    shared = python()
    async with aclosing(shared.stream(numbers(10**9))) as stream:
        async for _ in stream:
            break
    assert sorted(EVENTS) == ["node", "source"]
    for _ in shared.stream_sync(iter(range(10))):
        break
    await asyncio.sleep(0)
    assert EVENTS.count("node") == 2
    assert await shared.run([1]) == [1, "1 in all"]


async def test_a_run_that_fails_closes_its_source_before_it_returns():
    async def talk():
        try:
            yield "bad"
            await asyncio.sleep(3600)
        finally:
            EVENTS.append("source")

    with pytest.raises(NodeError, match="bad"):
        await python().run(talk())
    assert sorted(EVENTS) == ["node", "source"]
    with pytest.raises(NodeError, match="bad"):
        await asyncio.to_thread(python().run_sync, talk())
    assert EVENTS.count("source") == 2


async def test_a_source_that_is_cancelled_is_no_source_that_has_ended():
    async def talk():
        yield 1
        gone = asyncio.get_running_loop().create_future()
        gone.cancel()
        await gone

    with pytest.raises(RemoteMediaError, match="source awaited was cancelled"):
        await python().run(talk())


async def test_a_plain_generator_is_closed():
    def talk():
        try:
            yield from range(10**9)
        finally:
            EVENTS.append("source")

    async with python().stream(talk()) as stream:
        await anext(stream)
    assert sorted(EVENTS) == ["node", "source"]


async def test_a_cancelled_consumer():
    seen = []
    stream = python().stream(numbers(10**9, every=0.001))
    task = asyncio.ensure_future(collect(stream, seen))
    while not seen:  # noqa: ASYNC110 - before that, there may be nothing yet that could be closed
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(EVENTS) == ["node", "source"]


async def test_errors_come_after_the_results_before_them():
    seen = []
    with pytest.raises(NodeError, match="bad") as caught:
        await collect(python().stream(iter([1, 2, "bad", 3])), seen)
    assert seen == [1, 2]
    assert caught.value.item_index == 2

    async def broken():
        yield 1
        yield 2
        raise KeyError("source")

    seen.clear()
    with pytest.raises(KeyError, match="source"):
        await collect(python().stream(broken()), seen)
    assert seen == [1, 2]


async def test_the_limit_of_a_stream():
    from remotemedia import NodeTimeoutError

    seen = []
    stream = python().stream(numbers(10**9, every=0.01), timeout_ms=1000)
    with pytest.raises(NodeTimeoutError):
        await collect(stream, seen)
    assert sorted(EVENTS) == (["node", "source"] if seen else [])  # or it never came to begin


async def test_a_run_inside_its_own_stream_says_so():
    shared = python()
    async with aclosing(shared.stream(numbers(3))) as stream:
        async for _ in stream:
            with pytest.raises(CapabilityError, match="another run of the same pipeline"):
                await shared.run([1])
            break


async def test_streams_wait_for_their_turn():
    shared = python()
    both = await asyncio.gather(*(collect(shared.stream(numbers(50, every=0.001))) for _ in "ab"))
    assert both == [[*range(50), "50 in all"]] * 2


# --- live sources ---------------------------------------------------------------------------


async def chunks(count, every=0.0):
    """Give chunks of 20 ms at 8 kHz with true timestamps."""
    for i in range(count):
        await asyncio.sleep(every)
        yield Audio(np.zeros((1, 160), np.float32), 8000, timestamp=i * 0.02)


class SlowNode(Node):
    """Is slower than its source."""

    def process(self, item):
        time.sleep(0.02)
        return item


@pytest.mark.parametrize(("live", "waiting"), [("latest", 1), ("drop_oldest", 64)])
async def test_live_sources_drop_and_count(live, waiting):
    count = 400
    shared = Pipeline.from_manifest(chain([("SlowNode", {})]), node_types=[SlowNode])
    stream = shared.stream(chunks(count), live=live)
    times = [item.timestamp async for _, item in stream]
    assert len(times) + stream.dropped["n0"] == count
    assert stream.dropped["n0"] > count / 2
    assert times == sorted(set(times))
    numbers = [round(time / 0.02) for time in times]
    assert times == [number * 0.02 for number in numbers]
    assert numbers[-waiting:] == [*range(count - waiting, count)]


async def test_a_blocked_source_drops_nothing():
    shared = Pipeline.from_manifest(chain([("SlowNode", {})]), node_types=[SlowNode])
    stream = shared.stream(chunks(30), live="block")
    assert len(await collect(stream)) == 30
    assert stream.dropped == {"n0": 0}


async def test_an_iterator_that_runs_on_by_itself():
    def ticks():
        for i in range(50):
            time.sleep(0.002)
            yield i

    shared = Pipeline.from_manifest(chain([("SlowNode", {})]), node_types=[SlowNode])
    stream = shared.stream(ticks(), live="latest")
    items = await collect(stream)
    assert items[-1] == 49
    assert len(items) + stream.dropped["n0"] == 50
    assert stream.dropped["n0"] > 10


async def test_a_live_word_for_what_is_no_source():
    with pytest.raises(ManifestError) as caught:
        async for _ in python().stream(numbers(1), live={"no such": "latest"}):
            pass
    assert [issue.path for issue in caught.value.issues] == ['$.live["no such"]']


async def test_live_words():
    with pytest.raises(ValueError, match="drop_oldest"):
        python().stream(numbers(1), live="sometimes")


# --- addressed sources ----------------------------------------------------------------------


def two_sources(**options):
    nodes = [{"id": name, "node_type": "PassThroughNode"} for name in ("mic", "text", "end")]
    connections = [{"from": name, "to": "end"} for name in ("mic", "text")]
    manifest = {"version": "v1", "nodes": nodes, "connections": connections}
    return Pipeline.from_manifest(manifest, **options)


@pytest.mark.parametrize("hint", ["rust", "python"])
async def test_lists_go_round_by_round(hint):
    shared = two_sources(runtime_hint=hint)
    sources = {"text": ["a", "b", "c"], "mic": [1, 2]}
    assert await shared.run(sources=sources) == [1, "a", 2, "b", "c"]
    assert shared.run_sync(sources={"mic": [1]}) == [1]
    assert shared.run_sync(sources={}) == []


async def test_streams_go_as_they_come():
    async def mic():
        for i in range(3):
            await asyncio.sleep(0.02)
            yield i

    found = await two_sources().run(sources={"mic": mic(), "text": ["a", "b"]})
    assert found == ["a", "b", 0, 1, 2]
    found = await two_sources().run(sources={"mic": mic(), "text": iter("ab")})
    assert found == ["a", "b", 0, 1, 2]
    found = await two_sources().run(sources={"mic": iter(range(500)), "text": numbers(500)})
    assert sorted(found) == sorted([*range(500)] * 2)


async def test_policies_per_source():
    shared = two_sources()
    live = {"mic": "latest"}
    stream = shared.stream(sources={"mic": chunks(100), "text": numbers(100)}, live=live)
    found = await collect(stream)
    assert [item for item in found if isinstance(item, int)] == [*range(100)]
    heard = [item for item in found if isinstance(item, Audio)]
    assert len(heard) + stream.dropped["mic"] == 100
    assert stream.dropped["text"] == 0


@pytest.mark.parametrize("hint", ["rust", "python"])
async def test_what_is_no_source(hint):
    shared = two_sources(runtime_hint=hint)
    with pytest.raises(ManifestError) as caught:
        await shared.run(sources={"mic": [1], "end": [1], "x": [2]})
    issues = [(issue.code, issue.path) for issue in caught.value.issues]
    assert issues == [("unknown_source", "$.sources.end"), ("unknown_source", "$.sources.x")]
    with pytest.raises(ManifestError, match="not both"):
        await shared.run([1], sources={"mic": [1]})
