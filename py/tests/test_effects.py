import asyncio

import pytest

from remotemedia import CapabilityError
from remotemedia._effects import Await, Sleep, drive, drive_async


async def soon(value):
    return value


async def later(value):
    await asyncio.sleep(0)
    return value


async def broken():
    raise KeyError("broken")


def effects(make, log):
    try:
        yield Sleep(1)
        log.append((yield Await(make())))
    except KeyError:
        log.append("caught")
    finally:
        log.append("closed")
    return "end"


@pytest.mark.parametrize(("make", "seen"), [(lambda: soon(1), 1), (broken, "caught")])
async def test_both_drivers_do_the_same(make, seen):
    for run in (lambda e: later(drive(e)), drive_async):
        log = []
        assert await run(effects(make, log)) == "end"
        assert log == [seen, "closed"]


async def test_only_the_async_driver_waits():
    log = []
    assert await drive_async(effects(lambda: later(1), log)) == "end"
    assert log == [1, "closed"]
    with pytest.raises(CapabilityError, match="await pipeline"):
        drive(effects(lambda: later(1), log))
    assert log == [1, "closed", "closed"]


async def test_a_cancelled_driver_closes_the_generator():
    log = []
    task = asyncio.ensure_future(drive_async(effects(lambda: asyncio.sleep(60), log)))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["closed"]
