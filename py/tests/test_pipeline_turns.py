"""A pipeline runs once at a time; tasks wait in order."""

import asyncio

import pytest
from turns import MOST, AloneNode, FailingNode, WaitingNode, pipeline

from remotemedia import CapabilityError, NodeError


async def test_tasks_wait_in_order_and_the_loop_goes_on():
    shared, ended, ticks = pipeline(WaitingNode), [], 0

    async def work(i):
        assert await shared.run([i] * 5) == [i] * 5
        ended.append(i)

    tasks = asyncio.gather(*map(work, range(5)))
    while not tasks.done():
        await asyncio.sleep(0.001)
        ticks += 1
    await tasks
    assert ended == list(range(5))
    assert MOST == [1] * 5
    assert ticks > 5


async def test_a_waiting_run_may_be_cancelled():
    shared = pipeline(WaitingNode)
    first, second, third = (asyncio.ensure_future(shared.run([i] * 3)) for i in range(3))
    await asyncio.sleep(0)
    second.cancel()
    assert await asyncio.wait_for(asyncio.gather(first, third), 5) == [[0] * 3, [2] * 3]
    assert len(MOST) == 2


def test_after_an_error_it_is_the_turn_of_the_next():
    shared = pipeline(FailingNode)
    for _ in range(2):
        with pytest.raises(NodeError, match="no"):
            shared.run_sync(1)


def test_a_run_that_would_wait_for_itself_says_so():
    shared = pipeline(AloneNode)
    with pytest.raises(CapabilityError, match="another run of the same pipeline"):
        shared.run_sync(shared.run_sync(i) for i in range(3))
    assert shared.run_sync(1) == 1


async def test_a_blocking_run_that_would_stop_the_loop_of_the_running_one_says_so():
    shared = pipeline(WaitingNode)
    running = asyncio.ensure_future(shared.run([1, 2]))
    await asyncio.sleep(0)
    with pytest.raises(CapabilityError, match="await pipeline"):
        shared.run_sync([1])
    assert await running == [1, 2]

    mixed = pipeline(AloneNode)

    async def items():
        yield 1
        await asyncio.sleep(0.01)

    running = asyncio.ensure_future(mixed.run(items()))
    await asyncio.sleep(0)
    with pytest.raises(CapabilityError, match="this event loop"):
        mixed.run_sync([1])
    assert await running == [1]
