"""Runs a plan: takes batches of rounds through all segments and gathers what the sinks give."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from remotemedia._batches import decode_batches
from remotemedia._effects import Await, Batch
from remotemedia._engine import NO_LIMIT, Engine, size_of
from remotemedia._errors import NodeError, RemoteMediaError
from remotemedia._values import UnrepresentableError, represent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from remotemedia._effects import Effects
    from remotemedia._segment import Plan

BATCH_ITEMS = 256
BATCH_BYTES = 4 << 20


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
    """One run of a plan. `sinks` grows while it goes on."""

    def __init__(self, plan: Plan, places: list[Place]) -> None:
        self._plan = plan
        self._places = places
        self._names = {output["edge"]: output["node"] for output in plan["outputs"]}
        self.sinks: dict[str, list[Any]] = {name: [] for name in plan["sinks"]}

    def all(self, items: Iterator[Any] | AsyncIterator[Any]) -> Effects:
        """Process every item and flush; raises the error of the smallest round and node."""
        first = 0
        try:
            while batch := (yield from _next_batch(items)):
                rounds = list(range(first, first + len(batch)))
                yield from self._pass(rounds, self._checked(batch, first), flush=False)
                first += len(batch)
            yield from self._pass([], [], flush=True)
        except RemoteMediaError as error:
            error.delivered = self.sinks
            raise

    def _checked(self, batch: list[Any], first: int) -> list[Any]:
        try:
            return represent(batch, 0)  # type: ignore[no-any-return]
        except UnrepresentableError as error:
            index, *error.keys = error.keys
            source = self._plan["sources"][0]
            raise NodeError(
                f"the input cannot travel: {error.reason}",
                code="unrepresentable_value",
                node_id=source,
                item_index=first + int(index),
                path=error.path,
            ) from error

    def _pass(self, rounds: list[int], values: list[Any], *, flush: bool) -> Effects:
        pending: list[list[Any]] = [[] for _ in self._places]
        for entry in self._plan["inputs"] if rounds else ():
            batch = Batch(entry["segment"], entry["edge"], rounds, values)
            pending[entry["segment"]].append(batch)
        delivered: list[Any] = []
        until: tuple[float, int] = NO_LIMIT
        failure: RemoteMediaError | None = None
        for place, packets in zip(self._places, pending, strict=True):
            if not packets and not flush:
                continue
            call = place.flush if flush else place.run
            try:
                outputs, error, _ = yield from call(packets, until)
            except RemoteMediaError as later:
                if failure is None:
                    raise
                # A trap ends every segment of the Rust module; the trap is what happened.
                note_later_error(failure, later)
                continue
            for packet in outputs:
                (delivered if packet.to is None else pending[packet.to]).append(packet)
            if error is not None:
                failure = error
                until = (error.round or 0, error.order or 0)
        if failure is None or not flush:
            self._deliver(delivered, until[0])
        if failure is not None:
            raise failure

    def _deliver(self, packets: list[Any], before: float) -> None:
        for batch in as_batches(packets):
            values = batch.values
            if before != math.inf:
                kept = zip(batch.rounds, values, strict=True)
                values = [value for round_, value in kept if round_ < before]
            self.sinks[self._names[batch.edge]] += values


def _next_batch(items: Iterator[Any] | AsyncIterator[Any]) -> Effects:
    """Return the next items, up to a batch; an asynchronous stream gives one at a time."""
    if hasattr(items, "__anext__"):
        try:
            return [(yield Await(items.__anext__()))]
        except StopAsyncIteration:
            return []
    batch: list[Any] = []
    size = 0
    for item in islice(items, BATCH_ITEMS):
        batch.append(item)
        size += size_of(item)
        if size >= BATCH_BYTES:
            break
    return batch


def note_later_error(error: BaseException, later: Exception | None) -> None:
    """Add to an error what else failed because of it or after it."""
    if later is not None:
        error.add_note(f"then failed: {type(later).__name__}: {later}")


def close_all(places: list[Place]) -> None:
    """Close in reverse order, all of them, then raise the first error."""
    first: Exception | None = None
    for place in reversed(places):
        try:
            place.close()
        except Exception as error:  # noqa: BLE001 - the others must be closed too
            first = first or error
    if first is not None:
        raise first


def open_all(
    segments: list[dict[str, Any]], open_: Callable[[dict[str, Any]], Place]
) -> list[Place]:
    """Open a place for every segment; if one fails, those before it are closed."""
    places: list[Place] = []
    try:
        for segment in segments:
            places.append(open_(segment))  # noqa: PERF401 - what is open must be known
    except BaseException as error:
        try:
            close_all(places)
        except Exception as later:  # noqa: BLE001 - noted at the first error
            note_later_error(error, later)
        raise
    return places
