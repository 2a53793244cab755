"""The Python engine: runs a segment batch by batch (docs/internals/plan.md).

It works node by node over a batch. Its calls are generators that yield effects and return a
`Result`; `_effects` has the drivers.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from time import perf_counter
from typing import TYPE_CHECKING, Any

from remotemedia._calls import Outputs, call_flush, call_for_all
from remotemedia._effects import Batch, Emit, Result
from remotemedia._errors import PacketError, RemoteMediaError
from remotemedia._metrics import MAX_SKIPPED, node_metrics
from remotemedia._steps import Steps
from remotemedia._values import Audio, UnrepresentableError, represent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remotemedia._effects import Effects
    from remotemedia._segment import Segment
    from remotemedia._steps import Enter, FindNode, Step

    Columns = tuple[list[int], list[Any]]
    Export = Callable[[Batch], Any]

NO_LIMIT = (math.inf, 0)
"""(round, order) that every call is smaller than."""

NO_DEADLINE = 0xFFFFFFFF
"""The order that tells the host that the deadline under way is over."""

MOST_SPANS = 10_000

_SMALL = frozenset({type(None), bool, int, float, str})


def check_values(batch: Batch) -> Batch:
    """Return the batch with its values as they would arrive after a crossing."""
    values = batch.values
    if set(map(type, values)) <= {bool, float, type(None)}:
        return batch
    return batch._replace(values=represent(values, 0))


class Engine:
    """Runs one segment. `find` gives node classes by type.

    `export` turns a batch that leaves the segment into what the host wants; it raises
    UnrepresentableError, with a path that starts with the item, for what cannot leave. After
    `most_items` items or `most_bytes` bytes a call emits what it has. `enter(order, round)` is
    called before each call with a deadline, and with `NO_DEADLINE` before the next one without.
    """

    def __init__(
        self,
        segment: Segment,
        find: FindNode,
        export: Export = check_values,
        *,
        most_items: float = math.inf,
        most_bytes: float = math.inf,
        enter: Enter | None = None,
    ) -> None:
        compiled = Steps(segment, find)
        self._steps = compiled.steps
        self._entries = compiled.entries
        self._exits = compiled.exits
        self._slots: list[Columns | None] = [None] * compiled.slots
        self._export = export
        self._most = most_items, most_bytes
        self._measures = bool(segment.get("metrics"))
        self._spans: list[tuple[int, float, float]] | None = [] if segment.get("trace") else None
        self._opened = perf_counter()
        self._limit: tuple[float, int] = NO_LIMIT
        self._error: RemoteMediaError | None = None
        self._next_round = 0
        self._flushing = False
        self._open: list[Step] = []
        self._skipped: list[RemoteMediaError] = []
        self._skipped_count = 0
        self._running_us = 0.0
        self._sources = [step.source for step in self._steps if step.source]
        timed = [step for step in self._steps if step.is_timed]
        self._enter = enter if timed else None
        self._deadline = False
        for step in timed if enter else ():
            step.set_deadlines(enter)
        self.is_async = any(step.is_async for step in self._steps)

    def open(self) -> None:
        """Initialise the nodes; if one fails, it and those before it are closed."""
        step = None
        try:
            for step in self._steps:
                self._open.append(step)  # first: it may fail with half of what it needs
                step.node.init()
        except BaseException as error:
            failure: BaseException = error
            if isinstance(error, Exception) and step:
                failure = step.error(error, None)
            try:
                self.close()
            except BaseException as later:  # noqa: BLE001 - the first error is what happened
                failure.add_note(f"then failed: {type(later).__name__}: {later}")
            if failure is error:
                raise
            raise failure from error
        self._opened = perf_counter()

    def run(self, batches: Iterable[Batch], until: tuple[float, int] = NO_LIMIT) -> Effects:
        """Process a batch of rounds."""
        self._limit, self._error, self._deadline = until, None, False
        self._feed(batches)
        start = perf_counter() if self._measures else 0.0
        for step in self._steps:
            rounds, values = self._gather(step)
            if rounds:
                outputs = Outputs(step)
                yield from self._calls(step, rounds, values, outputs)
                self._pass_on(step, outputs)
        if self._measures:
            self._running_us += (perf_counter() - start) * 1e6
        return (yield from self._leave())

    def flush(self, batches: Iterable[Batch], until: tuple[float, int] = NO_LIMIT) -> Effects:
        """Process the flush round: each node first what reaches it, then its own flush."""
        batches = list(batches)
        # A segment that no item reaches cannot know the number of this round: all items count as
        # of one round, and only the order of a limit.
        number = max(self._next_round, *(batch.rounds[-1] for batch in batches if batch.rounds), 0)
        self._limit = until if until[0] == math.inf else (number, until[1])
        self._error, self._flushing, self._deadline = None, True, False
        self._feed(batch._replace(rounds=[number] * len(batch.rounds)) for batch in batches)
        start = perf_counter() if self._measures else 0.0
        for step in self._steps:
            rounds, values = self._gather(step)
            outputs = Outputs(step)
            if rounds or step.flushes:
                yield from self._calls(step, rounds, values, outputs, number)
            self._pass_on(step, outputs)
        if self._measures:
            self._running_us += (perf_counter() - start) * 1e6
        return (yield from self._leave())

    def close(self) -> None:
        """Close every node once, in reverse order; then raise the first error of a `close`."""
        first: BaseException | None = None
        while self._open:
            step = self._open.pop()
            for close in step.to_close:
                try:
                    close()
                except Exception as error:  # noqa: BLE001 - the others must be closed too
                    first = first or step.error(error, None)
                except BaseException as interrupt:  # noqa: BLE001 - raised when all are closed
                    first = interrupt
        if first is not None:
            raise first

    def metrics(self) -> dict[str, Any]:
        """Return what was counted and, if the segment asks for it, measured."""
        errors = [error.to_wire() for error in self._skipped]
        nodes_us = sum(step.total_us for step in self._steps)
        metrics = {
            "nodes": [node_metrics(step) for step in self._steps],
            "engine_us": max(0.0, self._running_us - nodes_us),
            "skipped": {"count": self._skipped_count, "errors": errors},
            "circuits": {step.id: step.circuit.state() for step in self._steps if step.circuit},
        }
        return metrics if self._spans is None else metrics | {"spans": self._spans}

    # --- calls ------------------------------------------------------------------------------

    def _calls(
        self,
        step: Step,
        rounds: list[int],
        values: list[Any],
        outputs: Outputs,
        flush: int | None = None,
    ) -> Effects:
        """Make the calls of one batch; `flush` is the number of the flush round."""
        if self._enter and step.is_timed != self._deadline:
            self._deadline = step.is_timed
            if not step.is_timed:
                self._enter(NO_DEADLINE, 0)
        start = perf_counter() if self._measures or self._spans is not None else None
        try:
            if rounds and step.source:
                yield from step.source.tick_for_all(rounds, outputs, self._failed)
            elif rounds:
                yield from call_for_all(step, rounds, values, outputs, self._failed)
            if flush is not None and step.flushes and (flush, step.order) < self._limit:
                yield from call_flush(step, flush, outputs, self._failed)
        finally:
            if start is not None:
                self._measured(step, start)

    def _measured(self, step: Step, start: float) -> None:
        duration = (perf_counter() - start) * 1e6
        if self._measures:
            step.measured(duration)
        if self._spans is not None and len(self._spans) < MOST_SPANS:
            self._spans.append((step.order, (start - self._opened) * 1e6, duration))

    # --- items on their way ---------------------------------------------------------------

    def _feed(self, batches: Iterable[Batch]) -> None:
        slots: list[Columns | None] = [None] * len(self._slots)
        for _, edge, rounds, values in batches:
            slot = self._entries.get(edge)
            if slot is None:
                raise PacketError(f"no edge {edge} comes into this segment", path="edges")
            if rounds:
                before = slots[slot]
                slots[slot] = (
                    (before[0] + rounds, before[1] + values) if before else (rounds, values)
                )
                self._next_round = max(self._next_round, rounds[-1] + 1)
        self._slots = slots

    def _gather(self, step: Step) -> Columns:
        """Return the items of a node, by round and then by connection, as far as the limit."""
        arrived = []
        for slot, port in step.inputs:
            columns = self._slots[slot]
            if columns is not None:
                arrived.append((columns, port))
                self._slots[slot] = None  # so that arrays are released as soon as they are used
        if not arrived:
            return [], []
        if len(arrived) == 1 and not step.takes_port:
            rounds, values = arrived[0][0]
        else:
            rounds = [round_ for columns, _ in arrived for round_ in columns[0]]
            values = [value for columns, _ in arrived for value in columns[1]]
            if step.takes_port:
                ports = [port for columns, port in arrived for _ in columns[0]]
                values = list(zip(values, ports, strict=True))
            order = sorted(range(len(rounds)), key=rounds.__getitem__)  # stable
            rounds, values = [rounds[i] for i in order], [values[i] for i in order]
        return self._below_limit(rounds, values, step.order)

    def _below_limit(self, rounds: list[int], values: list[Any], order: int) -> Columns:
        limit = self._limit
        if limit[0] == math.inf:
            return rounds, values
        end = bisect_left(rounds, limit[0] + (order < limit[1]))
        return rounds[:end], values[:end]

    def _pass_on(self, step: Step, outputs: Outputs) -> None:
        slots = self._slots
        if outputs.ports is None:
            columns = outputs.rounds, outputs.values
            for slot in step.default_targets:
                slots[slot] = columns
            return
        for slot in step.everything:
            slots[slot] = outputs.rounds, outputs.values
        for port, targets in step.targets.items():
            for slot in targets:
                slots[slot] = outputs.of_port(port)

    def _leave(self) -> Effects:
        """Export what leaves the segment; emit when there is much of it and more to come."""
        ready: list[Any] = []
        items = size = 0
        for end in self._exits:
            columns, self._slots[end.slot] = self._slots[end.slot], None
            start = 0
            while columns is not None:
                rounds, values = self._below_limit(*columns, end.step.order)
                if start >= len(rounds):
                    break
                if items >= self._most[0] or size >= self._most[1]:
                    yield Emit(ready)
                    ready, items, size = [], 0, 0
                count, weight = self._portion(values, start, items, size)
                stop = start + count
                batch = Batch(end.to, end.edge, rounds[start:stop], values[start:stop])
                try:
                    ready.append(self._export(batch))
                except UnrepresentableError as error:
                    self._refuse(end.step, batch, error)  # lowers the limit
                    continue
                start, items, size = stop, items + count, size + weight
        return Result(ready, self._error, self._error is None and self._has_ended())

    def _portion(self, values: list[Any], start: int, items: int, size: int) -> tuple[int, int]:
        """Return how many of the values from `start` on still fit, at least one, and their size."""
        most = int(min(len(values) - start, self._most[0] - items))
        if set(map(type, values)) <= _SMALL:
            return most, 0
        weight = 0
        for count in range(most):
            if size + weight >= self._most[1]:
                return count, weight
            weight += size_of(values[start + count])
        return most, weight

    def _has_ended(self) -> bool:
        sources = self._sources
        return bool(sources) and all(source.ended for source in sources) and not self._flushing

    # --- failures ---------------------------------------------------------------------------

    def _failed(self, step: Step, round_: int, error: Exception) -> bool:
        """Record that a call failed; returns whether the node goes on."""
        if step.skips:
            self._skipped_count += 1
            if len(self._skipped) >= MAX_SKIPPED:
                return True
        failure = step.error(error, None if self._flushing else round_)
        failure.round = round_
        if step.skips:
            self._skipped.append(failure)
            return True
        self._fail((round_, step.order), failure)
        return False

    def _fail(self, place: tuple[int, int], failure: RemoteMediaError) -> None:
        if place < self._limit:
            self._limit, self._error = place, failure

    def _refuse(self, step: Step, batch: Batch, error: UnrepresentableError) -> None:
        """Fail the call that gave a value that cannot leave."""
        index, *error.keys = error.keys
        round_ = batch.rounds[int(index)]
        failure = step.error(error, None if self._flushing else round_)
        failure.round = round_
        self._fail((round_, step.order), failure)


def size_of(value: Any) -> int:
    """Return about how many bytes the arrays and bytes in a value have."""
    kind = type(value)
    if kind in _SMALL:
        return 0
    if kind is list:
        return sum(map(size_of, value))
    if kind is dict:
        return sum(map(size_of, value.values()))
    if kind is Audio:
        return int(value.samples.nbytes)
    return len(value) if kind is bytes else int(getattr(value, "nbytes", 0))
