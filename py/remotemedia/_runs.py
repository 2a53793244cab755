"""The runs of a pipeline: one at a time, in threads of their own where there are threads."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from remotemedia._control import THREADS, Control
from remotemedia._effects import Inline, drive
from remotemedia._errors import CapabilityError
from remotemedia._execution import Execution
from remotemedia._feed import Feed
from remotemedia._turns import Turn, Turns, running_loop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remotemedia._effects import Effects
    from remotemedia._execution import Kept, Progress
    from remotemedia._plans import Plans
    from remotemedia._stream import Batches
    from remotemedia._supervisor import Job


class Runs:
    """Runs a pipeline; further calls, of threads and of tasks, wait for their turn."""

    def __init__(self, kept: Kept, plans: Plans) -> None:
        self._kept = kept
        self._plans = plans
        self._turns = Turns()
        self.skipped: dict[str, Any] = {"count": 0, "errors": []}
        """What `on_error: "skip"` dropped in the last run: all counted, the first 100 kept."""

    async def run(
        self, feed: Feed, timeout_ms: float | None, on_progress: Progress | None
    ) -> dict[str, list[Any]]:
        """Run in the running event loop; returns the lists of the sinks."""
        async with Turn(self._turns), aclosing(self._begin(feed, timeout_ms, on_progress)) as run:
            await run.next_batch()  # there is none
        sinks: dict[str, list[Any]] = run.result
        return sinks

    def run_sync(
        self, feed: Feed, timeout_ms: float | None, on_progress: Progress | None
    ) -> dict[str, list[Any]]:
        """Run, blocking; returns the lists of the sinks."""
        with Turn(self._turns):
            control = self._control(feed, timeout_ms)
            effects = self._effects(feed, control, on_progress)
            sinks: dict[str, list[Any]] = (
                control.run_sync(effects) if THREADS else drive(effects, feed)
            )
        return sinks

    async def stream(
        self, feed: Feed, timeout_ms: float | None, on_progress: Progress | None
    ) -> Batches:
        """Run in the running event loop; yields lists of (sink, item)."""
        # The only async generator: event loops that are closed end them in any order.
        begin = self._begin
        async with (
            Turn(self._turns),
            aclosing(begin(feed, timeout_ms, on_progress, gives=True)) as run,
        ):
            while (batch := await run.next_batch()) is not None:
                yield batch

    def stream_sync(
        self, feed: Feed, timeout_ms: float | None, on_progress: Progress | None
    ) -> Iterator[tuple[str, Any]]:
        """Run, blocking; yields (sink, item). Needs threads."""
        with Turn(self._turns):
            control = self._control(feed, timeout_ms)
            yield from control.stream_sync(self._effects(feed, control, on_progress, gives=True))

    def _begin(
        self,
        feed: Feed,
        timeout_ms: float | None,
        on_progress: Progress | None,
        *,
        gives: bool = False,
    ) -> Job | Inline:
        """Begin a run in the running event loop."""
        control = self._control(feed, timeout_ms, running_loop())
        effects = self._effects(feed, control, on_progress, gives=gives)
        if not THREADS:
            return Inline(effects, feed)
        job: Job = control
        job.begin(effects)
        return job

    def _control(self, feed: Feed, timeout_ms: float | None, loop: Any = None) -> Any:
        if not THREADS:
            return Control(timeout_ms)
        from remotemedia._supervisor import Job

        return Job(feed, timeout_ms, loop, self._plans.abandon)

    def _effects(
        self, feed: Feed, control: Control, on_progress: Progress | None, *, gives: bool = False
    ) -> Effects:
        execution = Execution(self._kept, feed, control, gives=gives)
        plans = self._plans
        try:
            return (yield from execution.effects(lambda: plans.get(on_progress), on_progress))
        finally:
            if not control.abandoned:
                self.skipped = execution.skipped


def blocking_feed(*given: Any) -> Feed:
    """Return the input of a run that blocks; raises CapabilityError if that would wait for ever."""
    feed = Feed(*given)
    if feed.is_async and running_loop() is not None:
        message = "an event loop is running here: use `await pipeline.run(...)`"
        raise CapabilityError(message)
    return feed
