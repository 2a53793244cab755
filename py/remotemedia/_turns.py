"""Lets calls go one after the other, in the order in which they came: of threads and of tasks."""

from __future__ import annotations

import sys
from collections import deque
from contextvars import ContextVar
from threading import Event, RLock
from typing import TYPE_CHECKING, Any

from remotemedia._errors import CapabilityError

if TYPE_CHECKING:
    from collections.abc import Callable

_inside: ContextVar[tuple[Turn, ...]] = ContextVar("remotemedia_turns", default=())
"""The turns in which this code runs: it would wait for ever for the end of one of them."""


class Turns:
    """A queue of calls. The first of them runs."""

    def __init__(self) -> None:
        # Reentrant: the garbage collector may end an abandoned call at any place.
        self._lock = RLock()
        self._queue: deque[Turn] = deque()

    def join(self, turn: Turn, blocked: Any = None) -> None:
        """Queue up; `blocked` is the event loop that stands still until the turn is over."""
        with self._lock:
            ahead = list(self._queue)
            if any(other in _inside.get() for other in ahead):
                raise CapabilityError("a run cannot wait for another run of the same pipeline")
            if blocked is not None and any(other.loop is blocked for other in ahead):
                message = "the pipeline runs in this event loop: use `await pipeline.run(...)`"
                raise CapabilityError(message)
            self._queue.append(turn)
            if not ahead:
                self._start_first()

    def leave(self, turn: Turn) -> None:
        """Let the next one go."""
        with self._lock:
            if turn in self._queue:
                first = self._queue[0] is turn
                self._queue.remove(turn)
                if first:
                    self._start_first()

    def _start_first(self) -> None:
        while self._queue:
            try:
                self._queue[0].start()
            except RuntimeError:  # its event loop was closed
                self._queue.popleft()
            else:
                return


class Turn:
    """A call: `with` waits until it may go, `async with` does so without blocking its event loop.

    It is no generator, because event loops end those in any order when they are closed.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._before = _inside.get()
        self.start: Callable[[], Any] = bool
        """Lets it go."""
        self.loop: Any = None
        """The event loop in which it waits and runs."""

    def __enter__(self) -> None:
        """Wait."""
        event = Event()
        self.start = event.set
        try:
            self._join(running_loop())
            event.wait()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        """Let the next one go."""
        _inside.set(self._before)  # not `reset`: an abandoned call may end in another context
        self._turns.leave(self)

    async def __aenter__(self) -> None:
        """Wait."""
        import asyncio

        self.loop = asyncio.get_running_loop()
        event = asyncio.Event()
        self.start = lambda: self.loop.call_soon_threadsafe(event.set)
        try:
            self._join()
            await event.wait()
        except BaseException:
            self.__exit__()
            raise

    async def __aexit__(self, *_: object) -> None:
        """Let the next one go."""
        self.__exit__()

    def _join(self, blocked: Any = None) -> None:
        self._turns.join(self, blocked)
        _inside.set((*self._before, self))


def running_loop() -> Any:
    """Return the event loop in which this code runs, None if in none."""
    asyncio = sys.modules.get("asyncio")  # without it there is no loop
    try:
        return asyncio and asyncio.get_running_loop()
    except RuntimeError:
        return None
