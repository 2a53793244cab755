"""One run of a pipeline, from its plan to the last `close`."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from remotemedia._effects import Stopped
from remotemedia._engine import size_of
from remotemedia._errors import RemoteMediaError, RuntimeLoadError
from remotemedia._requirements import need
from remotemedia._runner import PythonPlace, Run, note_later_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotemedia._circuits import Circuits
    from remotemedia._control import Control
    from remotemedia._effects import Effects
    from remotemedia._feed import Feed
    from remotemedia._metrics import RunMetrics
    from remotemedia._planning import Planned
    from remotemedia._registry import Registry
    from remotemedia._runner import Place
    from remotemedia._segment import Plan, Segment
    from remotemedia._trace import Trace

    Progress = Callable[[dict[str, Any]], Any]


class Kept(NamedTuple):
    """What a pipeline keeps from run to run."""

    registry: Registry
    circuits: Circuits
    metrics: RunMetrics | None
    trace: Trace | None


class _Part:
    """An open segment."""

    def __init__(self, segment: Segment, place: Place) -> None:
        self.segment = segment
        self.place = place
        self.opened = perf_counter()


class Execution:
    """A run. `skipped` is what `on_error: "skip"` dropped in it."""

    def __init__(self, kept: Kept, feed: Feed, control: Control, *, gives: bool = False) -> None:
        self._kept = kept
        self._feed = feed
        self._control = control
        self._gives = gives
        self._parts: list[_Part] = []
        self.skipped: dict[str, Any] = {"count": 0, "errors": []}

    def effects(self, plan: Callable[[], Planned], on_progress: Progress | None) -> Effects:
        """Run; returns the lists of the sinks."""
        planned = plan()
        check_needs(planned.plan, self._kept.registry)
        self._feed.check(planned.plan)
        self._control.rust = planned.rust
        start = perf_counter()
        run: Run | None = None
        failure: BaseException | None = None
        try:
            with self._control:
                self._control.check()
                yield from self._feed.start()
                self._open(planned)
                places = [part.place for part in self._parts]
                run = Run(planned.plan, places, self._control, self._feed, gives=self._gives)
                if on_progress is not None:
                    run.tell = _teller(on_progress, self._feed)
                yield from run.all()
        except BaseException as error:  # noqa: BLE001 - it is raised when the nodes are closed
            failure = self._cause(error)
        self._control.__exit__()  # again: a stop may have come just in between
        later = self._finish(start, failure)
        failure = failure or later
        if failure is None:
            return run and run.sinks
        note_later_error(failure, later)
        if isinstance(failure, RemoteMediaError) and run and not self._gives:
            failure.delivered = run.sinks
        raise failure

    def _cause(self, error: BaseException) -> BaseException:
        """Return what the run failed with: if it was stopped, why."""
        cause = self._control.cause
        if cause is None:
            return error
        if not isinstance(error, (Stopped, GeneratorExit)):
            note_later_error(cause, error)
        return cause

    def _open(self, planned: Planned) -> None:
        kept = self._kept
        for segment in planned.plan["segments"]:
            ready = kept.circuits.put_into(segment)
            enter = self._control.entering(segment)
            if segment["runtime"] == "python":
                engine = PythonPlace(ready, kept.registry.runnable, enter=enter)
                self._parts.append(_Part(segment, engine))
                engine.open()
            elif planned.rust is not None:
                opened = planned.rust.open(ready, enter)
                self._parts.append(_Part(segment, opened))
            else:
                message = f"there is no runtime for the place {segment['place']}"
                raise RuntimeLoadError(message)
            self._parts[-1].opened = perf_counter()

    def _finish(self, start: float, failure: BaseException | None) -> BaseException | None:
        """Count the run and close its nodes; returns the first error of that."""
        first: BaseException | None = None
        if not self._control.abandoned:
            try:
                self._count(start, failure)
            except Exception as error:  # noqa: BLE001 - the nodes must be closed
                first = error
        places = [part.place for part in self._parts]
        while places:
            try:
                places[-1].close()  # safe to call twice: the next call goes on
                places.pop()
            except Exception as error:  # noqa: BLE001 - the caller raises it
                first = first or error
            except BaseException as error:  # noqa: BLE001 - it says more
                first = error
        if self._control.rust is not None and not self._control.abandoned:
            self._control.rust.tidy()
        return first

    def _count(self, start: float, failure: BaseException | None) -> None:
        kept = self._kept
        skips = any(
            node.get("on_error") == "skip" for part in self._parts for node in part.segment["nodes"]
        )
        if not (skips or failure or kept.circuits or kept.metrics or kept.trace):
            return
        began = perf_counter()
        told = [(part, part.place.metrics()) for part in self._parts]
        for part, metrics in told:
            skipped = metrics["skipped"]
            self.skipped["count"] += skipped["count"]
            self.skipped["errors"] = (self.skipped["errors"] + skipped["errors"])[:100]
            lost = "circuits" not in metrics
            if not lost:
                kept.circuits.read(part.segment, metrics["circuits"])
            if isinstance(failure, RemoteMediaError) and (lost or failure is self._control.cause):
                kept.circuits.count(part.segment, failure.node_id)
            if kept.trace is not None:
                kept.trace.add_segment(part.segment, part.opened, metrics)
                for span in getattr(part.place, "spans", ()):
                    kept.trace.add(*span)
        if kept.trace is not None:
            kept.trace.add("run", "run", "runs", start, began - start)
        if kept.metrics is not None:
            kept.metrics.add([(p.place, m) for p, m in told], (began - start) * 1e6, began)


def _teller(on_progress: Progress, feed: Feed) -> Callable[[int, list[Any], list[Any]], None]:
    """Return what tells of a run's progress; what the callback raises ends the run."""
    event: dict[str, Any] = {"phase": "run", "loaded": 0, "total": feed.total}
    event |= dict.fromkeys(("items_in", "items_out", "bytes_in", "bytes_out"), 0)

    def tell(rounds: int, came: list[Any], left: list[Any]) -> None:
        event["loaded"] = event["items_in"] = rounds
        event["items_out"] += len(left)
        event["bytes_in"] += sum(map(size_of, came))
        event["bytes_out"] += sum(map(size_of, left))
        on_progress({**event})

    return tell


def check_needs(plan: Plan, registry: Registry) -> None:
    """Import the packages that Python nodes need; raises RuntimeLoadError for what is missing.

    Raises CapabilityError before that, if the bundle asks for what was not granted.
    """
    if registry.bundle is not None:
        registry.bundle.check()
    for segment in plan["segments"]:
        if segment["runtime"] == "python":
            need(registry.requirements(node["node_type"] for node in segment["nodes"]))
