"""Lets calls go one after the other, in the order in which they came: of threads and of tasks."""

from __future__ import annotations

import sys
from collections import deque
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from threading import Event, RLock
from typing import TYPE_CHECKING, Any

from remotemedia._errors import CapabilityError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

_inside: ContextVar[tuple[object, ...]] = ContextVar("remotemedia_turns", default=())
"""The turns in which this code runs: it would wait for ever for the end of one of them."""


class _Turn:
    """A call; `start` lets it go, `loop` is the event loop in which it waits and runs."""

    def __init__(self, start: Callable[[], Any], loop: Any = None) -> None:
        self.start = start
        self.loop = loop


class Turns:
    """A queue of calls. The first of them runs."""

    def __init__(self) -> None:
        # Reentrant: the garbage collector may end an abandoned call at any place.
        self._lock = RLock()
        self._queue: deque[_Turn] = deque()

    @contextmanager
    def blocking(self) -> Iterator[None]:
        """Wait for the turn and keep it inside of the `with` block."""
        event = Event()
        turn = _Turn(event.set)
        self._join(turn, running_loop())
        token = _inside.set((*_inside.get(), turn))
        try:
            event.wait()
            yield
        finally:
            _inside.reset(token)
            self._leave(turn)

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Do the same without blocking the event loop."""
        import asyncio

        loop = asyncio.get_running_loop()
        event = asyncio.Event()
        turn = _Turn(lambda: loop.call_soon_threadsafe(event.set), loop)
        self._join(turn)
        before = _inside.get()
        _inside.set((*before, turn))
        try:
            await event.wait()
            yield
        finally:
            _inside.set(before)  # not `reset`: an abandoned task ends in another context
            self._leave(turn)

    def _join(self, turn: _Turn, blocked: Any = None) -> None:
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

    def _leave(self, turn: _Turn) -> None:
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


def running_loop() -> Any:
    """Return the event loop in which this code runs, None if in none."""
    asyncio = sys.modules.get("asyncio")  # without it there is no loop
    try:
        return asyncio and asyncio.get_running_loop()
    except RuntimeError:
        return None
