"""Starts and ends the pumps that fill an inbox: tasks for async sources, threads for others."""

from __future__ import annotations

from contextvars import copy_context
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from remotemedia._control import THREADS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from remotemedia._inbox import Inbox, Key

CLOSING_S = 5.0
"""How long a source that is cancelled may take to close."""


WAITING_S = 1.0
"""How long a thread is waited for that waits for its iterator."""


class Pumps:
    """One pump per stream."""

    def __init__(self, inbox: Inbox, streams: dict[Key, Any]) -> None:
        self._inbox = inbox
        self._stopped = Event()
        self._threads: list[Thread] = []
        self._tasks: list[Any] = []
        self._loop: Any = None
        self._async = {}
        for key, stream in streams.items():
            if hasattr(stream, "__aiter__"):
                self._async[key] = stream.__aiter__()
            elif THREADS:
                arguments = inbox.pump_in_thread, key, iter(stream), self._stopped
                thread = Thread(target=copy_context().run, args=arguments, daemon=True)
                self._threads.append(thread)
                thread.start()
            else:
                self._async[key] = _in_turns(stream)
        self.is_async = bool(self._async)

    async def start(self) -> None:
        """Start the tasks in the running loop."""
        import asyncio

        self._loop = asyncio.get_running_loop()
        self._tasks = [
            self._loop.create_task(self._inbox.pump(key, iterator))
            for key, iterator in self._async.items()
        ]

    def stop_threads(self) -> None:
        """Let the threads end; one that still waits for an item ends with it."""
        self._stopped.set()
        self._inbox.make_room()
        for thread in self._threads:
            thread.join(WAITING_S)

    async def stop(self) -> None:
        """Cancel the tasks and wait until their sources are closed; runs in their loop."""
        if not self._tasks:
            return
        import asyncio

        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks, timeout=CLOSING_S)


async def _in_turns(items: Iterable[Any]) -> AsyncIterator[Any]:
    """Give the items of an iterable so that other tasks have their turns."""
    import asyncio

    for item in items:
        yield item
        await asyncio.sleep(0)
