"""What the engine's generator yields, and the two drivers that run it.

The engine never sleeps and never awaits: it yields an effect and goes on with what is sent back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from remotemedia._errors import CapabilityError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator

    from remotemedia._errors import RemoteMediaError
    from remotemedia._feed import Feed
    from remotemedia._inbox import Inbox

    Effects = Generator[Any, Any, Any]
    """A generator that yields Sleep, Await, Arrive, Give or Emit."""


class Sleep(NamedTuple):
    """Wait before going on."""

    milliseconds: float


class Await(NamedTuple):
    """Send back the result of an awaitable, or throw its exception."""

    awaitable: Awaitable[Any]


class Arrive(NamedTuple):
    """Wait until an item has come into an inbox."""

    inbox: Inbox

    @property
    def awaitable(self) -> Awaitable[Any]:
        """The same as `Await` has it, for drivers without a thread."""
        return self.inbox.arrival()


class Give(NamedTuple):
    """Hand (sink, item) pairs to the consumer of a stream."""

    items: list[tuple[str, Any]]


class Stopped(BaseException):
    """Raised in the thread of a run that has to end; only the engine sees it."""


class Batch(NamedTuple):
    """Items on one edge on their way to a segment, or to the host if `to` is None."""

    to: int | None
    edge: int
    rounds: list[int]
    values: list[Any]


class Emit(NamedTuple):
    """Outputs that are ready before the call is done."""

    outputs: list[Any]


class Result(NamedTuple):
    """The end of a call: the last outputs, the error if it failed.

    `ended` tells that the generating sources of the segment have no more.
    """

    outputs: list[Any]
    error: RemoteMediaError | None
    ended: bool = False


def drive(effects: Effects, feed: Feed | None = None) -> Any:
    """Run to the end, blocking, and end the feed; returns what the generator returns."""
    import time

    send: Any = effects.send
    value: Any = None
    try:
        while True:
            effect = send(value)
            send, value = effects.send, None
            if type(effect) is Sleep:
                time.sleep(effect.milliseconds / 1000)
                continue
            try:
                value = finish_now(effect.awaitable)
            except Exception as error:  # noqa: BLE001 - it belongs to the generator
                send, value = effects.throw, error
    except StopIteration as end:
        return end.value
    finally:
        effects.close()
        if feed is not None:
            feed.close()


async def drive_async(effects: Effects) -> Any:
    """Run to the end without blocking the event loop while nothing is to be done."""
    import asyncio

    send: Any = effects.send
    value: Any = None
    try:
        while True:
            try:
                effect = send(value)
            except StopIteration as end:
                return end.value
            send, value = effects.send, None
            try:
                if type(effect) is Sleep:
                    await asyncio.sleep(effect.milliseconds / 1000)
                else:
                    value = await effect.awaitable
            except Exception as error:  # noqa: BLE001 - it belongs to the generator
                send, value = effects.throw, error
    finally:
        effects.close()


async def run_inline(effects: Effects, feed: Feed) -> Any:
    """Run to the end without a thread; then end the sources."""
    try:
        return await drive_async(effects)
    finally:
        feed.close()
        await feed.stop()


def finish_now(awaitable: Awaitable[Any]) -> Any:
    """Return the result of an awaitable; raises CapabilityError if it has to wait."""
    steps: Any = awaitable.__await__()
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    steps.close()
    message = "a node awaits something: use `await pipeline.run(...)`"
    raise CapabilityError(message)
