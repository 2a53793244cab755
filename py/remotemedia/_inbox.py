"""Where items of streams wait for their run: filled by pumps, emptied by the engine."""

from __future__ import annotations

from collections import deque
from itertools import count
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from remotemedia._engine import size_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    Key = str | None
    """A source's id, or None for all sources."""

BLOCK, DROP_OLDEST, LATEST = POLICIES = ("block", "drop_oldest", "latest")
MOST_ITEMS = {BLOCK: 256, DROP_OLDEST: 64, LATEST: 1}
"""How many items of a source wait at most, by policy."""
MOST_BYTES = 4 << 20
"""How many bytes of a source wait until it has to, with `block`."""


class _Queue:
    """The items of one source."""

    def __init__(self, key: Key, policy: str) -> None:
        self.key = key
        self.policy = policy
        self.items: deque[tuple[int, int, Any]] = deque()
        """Number of arrival, bytes, item."""
        self.bytes = 0
        self.dropped = 0
        self.room: Callable[[], Any] = bool
        """Called when an item was taken."""

    def pop(self) -> Any:
        _, size, item = self.items.popleft()
        self.bytes -= size
        return item

    def is_full(self) -> bool:
        return len(self.items) >= MOST_ITEMS[self.policy] or (
            self.policy == BLOCK and self.bytes >= MOST_BYTES
        )


class Inbox:
    """Takes the items of several sources and gives them in the order of arrival."""

    def __init__(self, streams: dict[Key, Any], live: dict[Key, str]) -> None:
        self._lock = Lock()
        self._queues = {key: _Queue(key, live.get(key, BLOCK)) for key in streams}
        self._numbers = count()
        self._running = len(streams)
        self._error: BaseException | None = None
        self.ring: Callable[[], Any] = bool
        """Called when there is something to take, or nothing more will come."""

    @property
    def dropped(self) -> dict[Key, int]:
        """How many items of each source were dropped."""
        return {queue.key: queue.dropped for queue in self._queues.values()}

    def put(self, key: Key, item: Any) -> bool:
        """Add an item; returns whether the source has to wait for room."""
        queue = self._queues[key]
        size = size_of(item)
        with self._lock:
            if queue.policy != BLOCK and queue.is_full():
                queue.pop()
                queue.dropped += 1
            was_empty = not queue.items
            queue.items.append((next(self._numbers), size, item))
            queue.bytes += size
            full = queue.policy == BLOCK and queue.is_full()
        if was_empty:  # else nobody waits
            self.ring()
        return full

    def end(self, error: BaseException | None = None) -> None:
        """Note that a source has ended, or failed."""
        with self._lock:
            self._running -= 1
            self._error = self._error or error
        self.ring()

    def is_ready(self) -> bool:
        """Tell whether `take` would give something, or the end."""
        return not self._running or bool(self._error) or any(q.items for q in self._queues.values())

    def has_ended(self) -> bool:
        """Tell whether nothing will come any more; raises what a source failed with."""
        if any(queue.items for queue in self._queues.values()):
            return False
        if self._error is not None:
            raise self._error
        return not self._running

    def take(self, most: int) -> list[tuple[Key, Any]]:
        """Return what is there, oldest first, up to so many items or 4 MiB."""
        taken: list[tuple[Key, Any]] = []
        size, queues = 0, []
        with self._lock:
            while len(taken) < most and size < MOST_BYTES:
                waiting = [queue for queue in self._queues.values() if queue.items]
                if not waiting:
                    break
                queue = min(waiting, key=lambda queue: queue.items[0][0])
                size += queue.items[0][1]
                taken.append((queue.key, queue.pop()))
                queues.append(queue)
        for queue in dict.fromkeys(queues):
            queue.room()
        return taken

    def make_room(self) -> None:
        """Wake the pumps that wait for room."""
        for queue in self._queues.values():
            queue.room()

    async def arrival(self) -> None:
        """Wait for something to take in the event loop in which the pumps run."""
        import asyncio

        event = asyncio.Event()
        self.ring = event.set
        while not self.is_ready():
            event.clear()
            await event.wait()

    # --- pumps ----------------------------------------------------------------------------

    async def pump(self, key: Key, iterator: AsyncIterator[Any]) -> None:
        """Fill from an async iterator; closes it."""
        import asyncio

        room = asyncio.Event()
        loop = asyncio.get_running_loop()
        queue = self._queues[key]
        queue.room = lambda: loop.call_soon_threadsafe(room.set)
        error: BaseException | None = None
        try:
            async for item in iterator:
                room.clear()
                if self.put(key, item):
                    while queue.is_full():
                        await room.wait()
                        room.clear()
        except Exception as failure:  # noqa: BLE001 - the run raises it
            error = failure
        finally:
            queue.room = bool
            try:
                if hasattr(iterator, "aclose"):
                    await iterator.aclose()
            finally:
                self.end(error)

    def pump_in_thread(self, key: Key, iterator: Iterator[Any], stopped: Event) -> None:
        """Fill from an iterator; closes it if it is a generator."""
        room = Event()
        queue = self._queues[key]
        queue.room = room.set
        error: BaseException | None = None
        try:
            for item in iterator:
                room.clear()
                if self.put(key, item):
                    while queue.is_full() and not stopped.is_set():
                        room.wait()
                        room.clear()
                if stopped.is_set():
                    break
        except BaseException as failure:  # noqa: BLE001 - the run raises it
            error = failure
        finally:
            close_generator(iterator)
            self.end(error)


def close_generator(iterator: Any) -> None:
    """Close what was iterated over if it is a generator, and nobody else runs it."""
    from types import GeneratorType

    if isinstance(iterator, GeneratorType) and not iterator.gi_running:
        iterator.close()


def check_live(live: str | dict[str, str], keys: list[Key]) -> dict[Key, str]:
    """Return the policy of every key; raises ValueError for a word that is none."""
    given = dict.fromkeys(keys, live) if isinstance(live, str) else {**live}
    for word in given.values():
        if word not in POLICIES:
            message = f"live must be one of {', '.join(POLICIES)}, not {word!r}"
            raise ValueError(message)
    if None in keys and given:  # the input of all sources: the policy of any of them
        return {None: next(iter(given.values()))}
    return {key: given.get(str(key), BLOCK) for key in keys}
