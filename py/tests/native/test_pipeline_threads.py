"""A pipeline runs once at a time; threads wait in order. Pyodide has none."""

import asyncio
import gc
import threading
import weakref

import pytest
from turns import MOST, AloneNode, WaitingNode, pipeline

from remotemedia import Pipeline
from remotemedia.nodes import MultiplyNode


def in_threads(work, count=4):
    threads = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("kind", [AloneNode, WaitingNode])
def test_threads_wait(kind):
    shared, results = pipeline(kind), {}

    def work(i):
        results[i] = shared.run_sync([i, i])

    in_threads(work)
    assert results == {i: [i, i] for i in range(4)}
    assert MOST == [1] * 4


def test_threads_with_loops_wait():
    shared, results = pipeline(WaitingNode), {}

    async def both(i):
        return await asyncio.gather(shared.run([i]), shared.run([-i]))

    def work(i):
        results[i] = asyncio.run(both(i))

    in_threads(work)
    assert results == {i: [[i], [-i]] for i in range(4)}
    assert MOST == [1] * 8


def test_a_stream_may_be_left_in_another_thread_than_it_began():
    shared = pipeline(AloneNode)
    stream = shared.stream_sync(iter(range(9)))
    assert next(stream)[1] == 0
    in_threads(lambda _: stream.close(), count=1)
    results = []
    in_threads(lambda _: results.append(shared.run_sync([1])), count=1)
    assert results == [[1]]


@pytest.mark.parametrize("hint", ["rust", "python"])
def test_a_pipeline_goes_with_its_last_reference(hint):
    gc.collect()
    gc.disable()  # what it has loaded is too much to wait for the garbage collector
    try:
        doubling = Pipeline(MultiplyNode(factor=2), runtime_hint=hint, enable_metrics=True)
        assert doubling.run_sync([1]) == [2]
        gone = weakref.ref(doubling)
        del doubling
        assert gone() is None
    finally:
        gc.enable()
