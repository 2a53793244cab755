"""The thread in which a run happens, natively: performs effects, and can be told to end."""

from __future__ import annotations

import ctypes
import math
from contextvars import copy_context
from threading import Event, Lock, Thread, get_ident
from time import monotonic
from types import coroutine
from typing import TYPE_CHECKING, Any

from remotemedia._control import Control
from remotemedia._effects import Arrive, Give, Sleep, Stopped, finish_now
from remotemedia._errors import NodeError
from remotemedia._turns import running_loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotemedia._effects import Effects
    from remotemedia._feed import Feed

raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
raise_in.argtypes = ctypes.c_ulong, ctypes.py_object


class EngineThread(Control):
    """A run in a thread of its own.

    `loop` is the event loop of the caller, in which async nodes and sources run; None: a private
    one is made when it is needed, unless the caller stands in a loop.
    """

    def __init__(self, feed: Feed, timeout_ms: float | None, loop: Any) -> None:
        super().__init__(timeout_ms)
        self.feed = feed
        self.loop = loop
        self._in_loop = loop is None and running_loop() is not None
        self._runner: Any = None
        self.lock = Lock()
        self.ident = 0
        self.is_interruptible = False
        self.stepping = 0
        """The thread in which an async node runs at this moment, 0 if none does."""
        self._strikes = False
        self.bell = Event()
        """Rings when something has changed for which the thread may wait."""
        self.alarm = Event()
        """Rings for the thread that watches."""
        self.done = Event()
        self.task: Any = None
        """What is awaited in an event loop."""
        self.result: Any = None
        self.error: BaseException | None = None
        self.notify: Callable[[], Any] = bool
        """Tells the caller of a new outbox, and of the end."""
        self.outbox: list[tuple[str, Any]] = []
        """Results that the caller has not taken yet."""

    def start(self, effects: Effects) -> None:
        """Start the thread, with the context variables of the caller."""
        run = copy_context().run
        thread = Thread(target=run, args=(self._main, effects), name="remotemedia", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # there are too many
            self.end(None, error)

    def _main(self, effects: Effects) -> None:
        self.ident = get_ident()
        try:
            result, error = self._drive(effects), None
        except BaseException as failure:  # noqa: BLE001 - the caller raises it
            result, error = None, failure
        try:
            self.feed.close()
            if self._runner is not None and self.feed.is_async:
                self._runner.run(self.feed.stop())
        except Exception as later:  # noqa: BLE001 - the run has ended
            error = error or later
        self.end(result, error)
        if self._runner is not None:
            self._runner.close()  # at last: it waits for tasks that ignore their cancellation

    def end(self, result: Any, error: BaseException | None) -> None:
        """Note the end of the run, once."""
        with self.lock:
            if self.done.is_set():
                return
            self.result, self.error = result, error
            self.done.set()
        self.alarm.set()
        self.notify()

    def _drive(self, effects: Effects) -> Any:
        send: Any = effects.send
        value: Any = None
        while True:
            try:
                effect = send(value)
                send, value = effects.send, None
                value = self._perform(effect)
            except StopIteration as end:
                return end.value
            except BaseException as error:
                if getattr(effects, "gi_frame", None) is None:
                    raise
                send, value = effects.throw, error  # it belongs to the generator

    def _perform(self, effect: Any) -> Any:
        if type(effect) is Sleep:
            self.leave()
            return self._wait(bool, effect.milliseconds / 1000)
        if type(effect) is Give:
            self._wait(lambda: not self.outbox)
            self.outbox = effect.items
            return self.notify()
        if type(effect) is Arrive and (self.loop or not self.feed.is_async):
            effect.inbox.ring = self.bell.set
            return self._wait(effect.inbox.is_ready)
        return self._await(effect.awaitable)

    def _wait(self, is_over: Callable[[], bool], seconds: float = math.inf) -> None:
        """Wait until something is so, for some time at most; raises Stopped."""
        ends = monotonic() + seconds
        while True:
            self.bell.clear()
            if is_over():
                return
            self.check()
            left = ends - monotonic()
            if left <= 0:
                return
            self.bell.wait(None if left == math.inf else left)

    def _await(self, awaitable: Any) -> Any:
        import asyncio

        try:
            if self.loop is not None:
                return self._await_in_loop(awaitable)
            if self._in_loop:
                return finish_now(awaitable)
            self._runner = self._runner or asyncio.Runner()
            return self._runner.run(self._tracked(awaitable))
        except asyncio.CancelledError:
            self.check()
            raise NodeError("what the node awaited was cancelled") from None

    def _await_in_loop(self, awaitable: Any) -> Any:
        tasks: list[Any] = []
        ended: list[Any] = []
        context = copy_context()

        def end(task: Any) -> None:
            ended.append(task)
            self.bell.set()

        def start() -> None:
            tasks.append(self.loop.create_task(self._tracked(awaitable), context=context))
            tasks[0].add_done_callback(end)

        self.loop.call_soon_threadsafe(start)
        while not ended:
            self.bell.clear()
            if not ended:
                if self.abandoned:
                    raise Stopped
                self.bell.wait()
        return ended[0].result()

    async def _tracked(self, awaitable: Any) -> Any:
        """Await so that a stop can cancel it."""
        import asyncio

        self.task = task = asyncio.current_task()
        try:
            if self.cause is not None and task is not None:
                task.cancel()
            return await self._steps(awaitable)
        finally:
            self.task = None

    @coroutine
    def _steps(self, awaitable: Any) -> Effects:
        """Await step by step, each of which may be interrupted if it keeps the event loop."""
        steps = awaitable.__await__()
        resume, value = steps.send, None
        while True:
            try:
                with self.lock:
                    self.stepping = get_ident()
                wanted = resume(value)
            except StopIteration as end:
                return end.value
            finally:
                self._shield()
            try:
                resume, value = steps.send, (yield wanted)
            except BaseException as error:  # noqa: BLE001 - it belongs to the awaitable
                resume, value = steps.throw, error

    # --- the stretch that may be interrupted ----------------------------------------------

    def __enter__(self) -> None:
        """Begin the stretch."""
        with self.lock:
            self.is_interruptible = True

    def __exit__(self, *_: object) -> None:
        """End it: nothing will be raised in the thread any more."""
        self.is_interruptible = False
        self._shield()

    def strike(self, ident: int) -> None:
        """Raise Stopped in a thread, while it is in a stretch that may be interrupted."""
        self._strikes = True
        raise_in(ident, Stopped)

    def _shield(self) -> None:
        """Forget what is still to be raised in this thread."""
        while True:
            try:
                with self.lock:
                    self.stepping = 0
                if self._strikes:
                    raise_in(get_ident(), ctypes.py_object())  # NULL
            except Stopped:
                continue  # it came after all
            return
