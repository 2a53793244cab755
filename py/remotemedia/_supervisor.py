"""Runs a pipeline in a thread of its own that can be stopped whatever its nodes do. Natively only.

A stop asks first: the run looks between batches and effects. Then a Rust node is interrupted by an
epoch of wasmtime and a Python node by an exception that is raised in its thread, again and again,
because a node might catch it. A thread that is blocked in C code is left alone in the end.
"""

from __future__ import annotations

import math
import sys
from contextlib import suppress
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from remotemedia._effects import Stopped
from remotemedia._engine_thread import EngineThread
from remotemedia._errors import CancelledError, RemoteMediaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remotemedia._effects import Effects
    from remotemedia._feed import Feed
    from remotemedia._segment import Segment

LOOK_S = 0.05
"""How often a waiting caller looks for Ctrl-C or, inside a node of another run, for its stop."""
WATCH_S = 0.001
"""How often limits are compared with the clock at most."""
ASK_S = 0.005
"""How long a run may take to end by itself."""
REPEAT_S = 0.02
"""Until it is interrupted again."""
CANCELS = 3
"""How often an async node is cancelled before it is interrupted like any other."""
GRACE_S = 1.0
"""Until a thread that cannot be interrupted is left alone."""
CLOSING_S = 5.0
"""The same for nodes that are being closed."""


class Job(EngineThread):
    """One run with its supervision. `on_abandon` is told if the thread was left alone."""

    def __init__(
        self,
        feed: Feed,
        timeout_ms: float | None,
        loop: Any,
        on_abandon: Callable[[RemoteMediaError], None],
    ) -> None:
        super().__init__(feed, timeout_ms, loop)
        self._on_abandon = on_abandon
        self._watches = False
        self._news: Any = None
        self._is_taken = False
        """Whether the outbox is with the consumer."""

    def run_sync(self, effects: Effects) -> Any:
        """Run to the end, blocking; returns what the generator returns."""
        try:
            self._start(effects)
            self._wait_for_end()
        except BaseException as interrupt:
            self._end_now(interrupt)
            raise
        return self._outcome()

    def begin(self, effects: Effects) -> None:
        """Begin to run for a caller in the event loop."""
        import asyncio

        news = asyncio.Event()

        def notify() -> None:
            with suppress(RuntimeError):  # the loop was closed
                self.loop.call_soon_threadsafe(news.set)

        self.notify, self._news = notify, news
        self._start(effects)

    async def next_batch(self) -> list[tuple[str, Any]] | None:
        """Return what the run gives next, None at its end; raises what it failed with."""
        if self._is_taken:
            self._take()
        while not (self.outbox or self.done.is_set()):
            await self._wake()
        self._is_taken = bool(self.outbox)
        if self._is_taken:
            return self.outbox
        self._outcome()
        return None

    async def aclose(self) -> None:
        """End the run, if it still goes on, because of what is being raised, and its sources."""
        import asyncio

        interrupt = sys.exception() or GeneratorExit()
        self._abort(interrupt)
        while not self.done.is_set():
            with suppress(asyncio.CancelledError):
                await self._wake()
        self._explain(interrupt)
        await self.feed.stop()

    async def _wake(self) -> None:
        await self._news.wait()
        self._news.clear()

    def stream_sync(self, effects: Effects) -> Iterator[tuple[str, Any]]:
        """Do the same, blocking."""
        news = Event()
        self.notify = news.set
        try:
            self._start(effects)
            while self.outbox or not self.done.is_set():
                if self.outbox:
                    yield from self.outbox
                    self._take()
                else:
                    news.wait(LOOK_S)
                    news.clear()
        except BaseException as interrupt:
            self._end_now(interrupt)
            raise
        self._outcome()

    def _take(self) -> None:
        """Free the room in the outbox: its content was consumed."""
        self.outbox = []
        self.bell.set()

    def _wait_for_end(self) -> None:
        while not self.done.wait(LOOK_S):
            pass

    def _end_now(self, interrupt: BaseException) -> None:
        """Stop, and wait for the end whatever else is raised meanwhile."""
        while not (self.done.is_set() or sys.is_finalizing()):  # then threads run no more
            with suppress(KeyboardInterrupt, Stopped):
                self._abort(interrupt)
                self._wait_for_end()
        self._explain(interrupt)

    def _abort(self, interrupt: BaseException) -> None:
        """Stop because of what was raised in the caller."""
        if not self.done.is_set():
            self.fail(CancelledError(f"the run was cancelled ({type(interrupt).__name__})"))

    def _explain(self, interrupt: BaseException) -> None:
        if self.abandoned and self.cause not in (None, interrupt):
            interrupt.add_note(self.cause.message)

    def _outcome(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.result

    def _start(self, effects: Effects) -> None:
        if self.shortest_ms < math.inf:
            self._watch()
        self.start(effects)

    # --- the thread that watches and stops ------------------------------------------------

    def entering(self, segment: Segment) -> Callable[[int, float], None] | None:
        """Return what the engine of a segment calls; somebody watches the limits."""
        enter = super().entering(segment)
        if enter is not None:
            self._watch()
            self.alarm.set()  # there may be a shorter limit now
        return enter

    def fail(self, cause: RemoteMediaError) -> None:
        """Note why the run has to end, and see to it."""
        with self.lock:
            if self.done.is_set() or self.cause is not None:
                return
            self.cause = cause
        self._watch()
        self.alarm.set()
        self.bell.set()

    def _watch(self) -> None:
        with self.lock:
            if self._watches:
                return
            self._watches = True
        Thread(target=self._watching, name="remotemedia-watch", daemon=True).start()

    def _watching(self) -> None:
        while self.cause is None and not self.done.is_set():
            self.alarm.wait(min(max(self.look(), WATCH_S), GRACE_S))
            self.alarm.clear()
        if self.done.wait(ASK_S):
            return
        ends = monotonic() + GRACE_S
        closes = ends + CLOSING_S
        tries = 0
        while not self.done.wait(REPEAT_S):
            tries += 1
            running = self._interrupt(tries)
            if monotonic() > (ends if running else closes):
                self._abandon()

    def _interrupt(self, tries: int) -> bool:
        """Interrupt whatever the thread does; returns False if it closes its nodes already."""
        self.bell.set()
        task = self.task
        if task is not None:
            with suppress(RuntimeError):  # its loop was closed
                task.get_loop().call_soon_threadsafe(task.cancel)
        with self.lock:
            if not self.is_interruptible:
                return False
            if self.rust is not None and self.rust.busy:
                self.rust.interrupt()
            elif task is None:
                self.strike(self.ident)
            elif tries > CANCELS and (self.stepping or self.loop is None):
                self.strike(self.stepping or self.ident)
        return True

    def _abandon(self) -> None:
        cause = self.cause
        if cause is None:
            return
        cause.message += "; " + _where(self.ident, awaits=self.task is not None)
        self.abandoned = True
        self._on_abandon(cause)
        self.end(None, cause)
        self.bell.set()


def _where(ident: int, *, awaits: bool) -> str:
    """Tell which node holds a thread up, and where."""
    frame = sys._current_frames().get(ident)  # noqa: SLF001 - there is no other way
    who, at = "the run", ""
    if frame is not None:
        at = f" at {frame.f_code.co_filename}:{frame.f_lineno}"
    while frame is not None:
        step = frame.f_locals.get("step")
        if step is not None and hasattr(step, "node"):
            who = f"node {step.id!r} ({step.type})"
            break
        frame = frame.f_back
    if awaits:
        return f"{who} awaits something that cannot be cancelled; it is left alone"
    return f"{who} cannot be stopped, it is blocked in C code{at}; its thread is left alone"
