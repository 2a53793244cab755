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

from remotemedia._engine_thread import EngineThread
from remotemedia._errors import CancelledError, RemoteMediaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remotemedia._effects import Effects
    from remotemedia._feed import Feed
    from remotemedia._segment import Segment
    from remotemedia._stream import Batches

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

    def run_sync(self, effects: Effects) -> Any:
        """Run to the end, blocking; returns what the generator returns."""
        try:
            self._start(effects)
            self._wait_for_end()
        except BaseException as interrupt:
            self._abort(interrupt)
            while not self.done.is_set():
                with suppress(KeyboardInterrupt):
                    self._wait_for_end()
            self._explain(interrupt)
            raise
        return self._outcome()

    async def run(self, effects: Effects) -> Any:
        """Run to the end without blocking the event loop."""
        wake = self._waking()
        try:
            self._start(effects)
            while not self.done.is_set():
                await wake()
        except BaseException as interrupt:
            await self._end_early(interrupt, wake)
            raise
        finally:
            await self.feed.stop()
        return self._outcome()

    async def stream(self, effects: Effects) -> Batches:
        """Give what the run gives as it comes; the run ends with the iterator."""
        wake = self._waking()
        try:
            self._start(effects)
            while self._goes_on():
                if self.outbox:
                    yield self.outbox
                    self._take()
                else:
                    await wake()
        except BaseException as interrupt:
            await self._end_early(interrupt, wake)
            raise
        finally:
            await self.feed.stop()
        self._outcome()

    def stream_sync(self, effects: Effects) -> Iterator[tuple[str, Any]]:
        """Do the same, blocking."""
        news = Event()
        self.notify = news.set
        try:
            self._start(effects)
            while self._goes_on():
                if self.outbox:
                    yield from self.outbox
                    self._take()
                else:
                    news.wait(GRACE_S)
                    news.clear()
        except BaseException as interrupt:
            self._abort(interrupt)
            self._wait_for_end()
            self._explain(interrupt)
            raise
        self._outcome()

    def _goes_on(self) -> bool:
        return not self.done.is_set() or bool(self.outbox)

    def _take(self) -> None:
        """Free the room in the outbox: its content was consumed."""
        self.outbox = []
        self.bell.set()

    def _waking(self) -> Callable[[], Any]:
        """Return what waits for the thread in the caller's loop."""
        import asyncio

        news = asyncio.Event()

        def notify() -> None:
            with suppress(RuntimeError):  # the loop was closed
                self.loop.call_soon_threadsafe(news.set)

        async def wake() -> None:
            await news.wait()
            news.clear()

        self.notify = notify
        return wake

    async def _end_early(self, interrupt: BaseException, wake: Callable[[], Any]) -> None:
        import asyncio

        self._abort(interrupt)
        while not self.done.is_set():
            with suppress(asyncio.CancelledError):
                await wake()
        self._explain(interrupt)

    def _wait_for_end(self) -> None:
        while not self.done.wait(GRACE_S):  # with a limit: else Windows would not see Ctrl-C
            pass

    def _abort(self, interrupt: BaseException) -> None:
        """Stop because of what was raised in the caller."""
        if not self.done.is_set():
            self.fail(CancelledError(f"the run was cancelled ({type(interrupt).__name__})"))

    def _explain(self, interrupt: BaseException) -> None:
        if self.abandoned and self.cause is not None:
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
            self.alarm.wait(min(self.shortest_ms / 8000, GRACE_S))
            self.alarm.clear()
            self.look()
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
