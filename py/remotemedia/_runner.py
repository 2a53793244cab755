"""Runs a plan: takes batches of rounds through all segments and gathers what the sinks give."""

from __future__ import annotations

import math
from bisect import bisect_left
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from remotemedia._batches import decode_batches
from remotemedia._effects import Batch, Give
from remotemedia._engine import NO_LIMIT, Engine
from remotemedia._errors import NodeError, RemoteMediaError
from remotemedia._feed import BATCH_ITEMS
from remotemedia._values import UnrepresentableError, represent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remotemedia._control import Control
    from remotemedia._effects import Effects
    from remotemedia._feed import Feed
    from remotemedia._inbox import Key
    from remotemedia._segment import Plan

QUICK_S = 0.008
"""Generating sources are asked for more rounds at once while a batch takes less than this."""


class Place(Protocol):
    """Where a segment runs: the Python engine itself, or the WebAssembly module."""

    def run(self, batches: list[Any], until: tuple[float, int]) -> Effects:
        """Process a batch of rounds."""
        ...

    def flush(self, batches: list[Any], until: tuple[float, int]) -> Effects:
        """Process the flush round."""
        ...

    def metrics(self) -> dict[str, Any]:
        """Return what was counted."""
        ...

    def close(self) -> None:
        """Close the nodes, once."""
        ...


def as_batches(packets: Iterable[Any]) -> Iterator[Batch]:
    """Decode what is still encoded."""
    for packet in packets:
        if isinstance(packet, Batch):
            yield packet
        else:
            yield from decode_batches(packet.header, packet.buffers, packet.to)


class PythonPlace(Engine):
    """The Python engine, fed by itself or by the Rust one."""

    def run(self, batches: Iterable[Any], until: tuple[float, int] = NO_LIMIT) -> Effects:
        """Process a batch of rounds."""
        return super().run(as_batches(batches), until)

    def flush(self, batches: Iterable[Any], until: tuple[float, int] = NO_LIMIT) -> Effects:
        """Process the flush round."""
        return super().flush(as_batches(batches), until)


class Run:
    """One run of a plan. `sinks` grows while it goes on, unless its results are given away."""

    def __init__(
        self, plan: Plan, places: list[Place], control: Control, feed: Feed, *, gives: bool = False
    ) -> None:
        self._plan = plan
        self._places = places
        self._control = control
        self._feed = feed
        self._gives = gives
        self._names = {output["edge"]: output["node"] for output in plan["outputs"]}
        generating = [entry for entry in plan["inputs"] if entry.get("generates")]
        self._inputs = [entry for entry in plan["inputs"] if not entry.get("generates")]
        self._ticking = {entry["segment"] for entry in generating}
        self._generating = generating
        self.sinks: dict[str, list[Any]] = {name: [] for name in plan["sinks"]}
        self.tell: Callable[[int, list[Any], list[Any]], None] | None = None
        """Is told of every pass: rounds so far, values that came in, values that left."""

    def all(self) -> Effects:
        """Process every item and flush; raises the error of the smallest round and node."""
        first, ticks = 0, 1
        try:
            while True:
                self._control.check()
                most = ticks if self._ticking else BATCH_ITEMS
                taken = yield from self._feed.take(most, wait=not self._ticking)
                if taken is None and not self._ticking:
                    break
                start = perf_counter()
                count = ticks if self._ticking else taken.rounds
                columns = taken.columns if taken else []
                yield from self._pass(range(first, first + count), self._batches(first, columns))
                first += count
                if self.tell is not None:
                    self.tell(first, [value for _, _, values in columns for value in values], [])
                quick = perf_counter() - start < QUICK_S
                ticks = min(2 * ticks, BATCH_ITEMS) if quick else max(1, ticks // 2)
            yield from self._pass(range(first, first), [], flush=True)
        except RemoteMediaError as error:
            error.delivered = None if self._gives else self.sinks
            raise

    def _batches(self, first: int, columns: list[tuple[Key, list[int], list[Any]]]) -> list[Any]:
        """Return what goes to the ordinary sources, by segment."""
        batches = []
        for key, offsets, values in columns:
            entries = [entry for entry in self._inputs if key in (None, entry["node"])]
            rounds = [first + offset for offset in offsets]
            checked = _checked(values, rounds, entries[0]["node"])
            batches += [Batch(e["segment"], e["edge"], rounds, checked) for e in entries]
        return batches

    def _pass(self, rounds: range, batches: list[Any], *, flush: bool = False) -> Effects:
        self._control.is_flushing = flush
        pending: list[list[Any]] = [[] for _ in self._places]
        for batch in [*self._ticks(rounds), *batches]:
            pending[batch.to].append(batch)
        delivered: list[Any] = []
        until: tuple[float, int] = NO_LIMIT
        failure: RemoteMediaError | None = None
        for number, (place, packets) in enumerate(zip(self._places, pending, strict=True)):
            if not packets and not flush:
                continue
            try:
                outputs, error, ended = yield from self._call(place, packets, until, flush=flush)
            except RemoteMediaError as later:
                if failure is None:
                    raise
                # A trap ends every segment of the Rust module; the trap is what happened.
                note_later_error(failure, later)
                continue
            self._ticking -= {number} if ended else set()
            for packet in outputs:
                (delivered if packet.to is None else pending[packet.to]).append(packet)
            if error is not None:
                failure = error
                until = (error.round or 0, error.order or 0)
        if failure is None or not flush:
            yield from self._deliver(rounds.start, delivered, until[0])
        if failure is not None:
            raise failure

    def _ticks(self, rounds: range) -> list[Any]:
        """Return what the generating sources get that have not ended."""
        return [
            Batch(entry["segment"], entry["edge"], [*rounds], [None] * len(rounds))
            for entry in self._generating
            if rounds and entry["segment"] in self._ticking
        ]

    def _call(
        self, place: Place, packets: list[Any], until: tuple[float, int], *, flush: bool
    ) -> Effects:
        result = yield from (place.flush if flush else place.run)(packets, until)
        self._control.leave()
        self._control.check()
        return result

    def _deliver(self, first: int, packets: list[Any], before: float) -> Effects:
        batches = [*as_batches(packets)]
        if before != math.inf:
            batches = [_before(batch, before) for batch in batches]
        for batch in batches:
            if self.tell is not None:
                self.tell(first, [], batch.values)
            if not self._gives:
                self.sinks[self._names[batch.edge]] += batch.values
        if not self._gives:
            return
        results = [(self._names[b.edge], value) for b in batches for value in b.values]
        if len(batches) > 1:
            rounds = [round_ for batch in batches for round_ in batch.rounds]
            order = sorted(range(len(rounds)), key=rounds.__getitem__)  # stable
            results = [results[i] for i in order]
        if results:
            yield Give(results)


def _before(batch: Batch, limit: float) -> Batch:
    """Return the batch without rounds from the limit on."""
    end = bisect_left(batch.rounds, limit)
    return batch._replace(rounds=batch.rounds[:end], values=batch.values[:end])


def _checked(values: list[Any], rounds: list[int], source: str) -> list[Any]:
    try:
        return represent(values, 0)  # type: ignore[no-any-return]
    except UnrepresentableError as error:
        index, *error.keys = error.keys
        raise NodeError(
            f"the input cannot travel: {error.reason}",
            code="unrepresentable_value",
            node_id=source,
            item_index=rounds[int(index)],
            path=error.path,
        ) from error


def note_later_error(error: BaseException, later: BaseException | None) -> None:
    """Add to an error what else failed because of it or after it."""
    if later is not None and later is not error:
        error.add_note(f"then failed: {type(later).__name__}: {later}")


def close_all(places: list[Place]) -> None:
    """Close in reverse order, all of them, then raise the first error."""
    first: BaseException | None = None
    while places:
        try:
            places.pop().close()
        except BaseException as error:  # noqa: BLE001 - the others must be closed too
            first = first or error
    if first is not None:
        raise first
