"""What a run is fed with: lists, iterators and streams, for all sources or one by one."""

from __future__ import annotations

from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from remotemedia._control import THREADS
from remotemedia._effects import Arrive, Await
from remotemedia._engine import size_of
from remotemedia._errors import Issue, ManifestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remotemedia._effects import Effects
    from remotemedia._inbox import Inbox, Key
    from remotemedia._segment import Plan

BATCH_ITEMS = 256
BATCH_BYTES = 4 << 20

_QUICK_S = 0.001
"""An iterator whose items come faster than this per batch is asked for larger batches."""

SCALARS = frozenset({type(None), bool, int, float, str})

_VALUES = (str, bytes, bytearray, memoryview, dict, tuple)


class Taken(NamedTuple):
    """Items of some rounds. `columns`: source (None: all), rounds counted from 0, values."""

    rounds: int
    columns: list[tuple[Key, list[int], list[Any]]]


class Feed:
    """Gives the items of a run batch by batch. Lists first, then streams as their items arrive.

    With `live` policies iterators have threads of their own, where there are threads, so that each
    item goes as soon as it is there.
    """

    def __init__(
        self,
        input_data: Any = None,
        sources: dict[str, Any] | None = None,
        live: str | dict[str, str] | None = None,
    ) -> None:
        if sources is not None and input_data is not None:
            message = "give either an input or sources, not both"
            raise TypeError(message)
        self._input = input_data
        self._named = None if sources is None else dict(sources)
        self.is_one = False
        """Whether the input is a single item, for all sources."""
        self._lists: dict[Key, list[Any]] = {}
        self._at = 0
        streams: dict[Key, Any] = {}
        given: Iterable[tuple[Key, Any]] = (
            [(None, input_data)] if sources is None else [*sources.items()]
        )
        for key, value in given:
            if isinstance(value, list):
                self._lists[key] = value
            elif _is_stream(value):
                streams[key] = value
            else:
                self._lists[key] = [value]
                self.is_one = sources is None
        self.total = None if streams else max(map(len, self._lists.values()), default=0)
        """How many rounds there will be, None if that is unknown."""
        self.is_async = any(hasattr(value, "__aiter__") for value in streams.values())
        self._streams = streams
        self._single: Iterator[Any] | None = None
        self._single_key: Key = None
        self._single_error: BaseException | None = None
        self._most = 1
        self._inbox: Inbox | None = None
        self._pumps: Any = None
        self._prepare(live)

    def _prepare(self, live: str | dict[str, str] | None) -> None:
        pulled = len(self._streams) == 1 and not self.is_async
        if pulled and (live is None or (live == "block" and not THREADS)):
            ((self._single_key, iterable),) = self._streams.items()
            self._single = iter(iterable)
        elif self._streams or live is not None:
            from remotemedia._inbox import Inbox, check_live

            policies = check_live(live or "block", [*self._streams])
            self._inbox = Inbox(self._streams, policies) if self._streams else None

    @property
    def dropped(self) -> dict[Key, int]:
        """How many items of live sources were dropped."""
        return self._inbox.dropped if self._inbox else {}

    def check(self, plan: Plan) -> None:
        """Compare with what the plan takes; raises ManifestError."""
        ordinary = [entry["node"] for entry in plan["inputs"] if not entry.get("generates")]
        issues = []
        for name in self._named or ():
            if name not in ordinary:
                message = f"{name!r} is no source that takes input"
                path = f"$.sources.{name}"
                issues.append(Issue("unknown_source", path, message, "error", ordinary, name))
        if self._named is None and not ordinary:
            if self._input is not None and self._lists.get(None) != []:
                message = "the sources of this pipeline generate their items"
                issues.append(Issue("unexpected_input", "$.input", message))
            self._lists, self.is_one, self.total = {}, False, None
        if issues:
            raise ManifestError(issues, "the input does not fit the pipeline")

    # --- pumps ----------------------------------------------------------------------------

    def start(self) -> Effects:
        """Let the streams begin; those that are async in the loop that performs this."""
        if self._inbox is None:
            return
        from remotemedia._pumps import Pumps

        self._pumps = Pumps(self._inbox, self._streams)
        if self._pumps.is_async:
            yield Await(self._pumps.start())

    async def stop(self) -> None:
        """End the streams; their sources are closed afterwards."""
        if self._pumps is not None:
            await self._pumps.stop()

    def close(self) -> None:
        """End what needs no event loop."""
        if self._pumps is not None:
            self._pumps.stop_threads()
        if self._single is not None:
            from remotemedia._inbox import close_generator

            close_generator(self._single)

    # --- items ----------------------------------------------------------------------------

    def take(self, most: int, *, wait: bool) -> Effects:
        """Return the next `Taken`, of no rounds if there is nothing yet; None at the end."""
        if any(self._at < len(values) for values in self._lists.values()):
            return self._from_lists(most)
        if self._single is not None:
            return self._from_iterator(self._single, most)
        if self._inbox is None:
            return None
        while not (taken := self._inbox.take(most)):
            if self._inbox.has_ended():
                return None
            if not wait:
                return Taken(0, [])
            yield Arrive(self._inbox)
        columns: dict[Key, tuple[list[int], list[Any]]] = {}
        for round_, (key, item) in enumerate(taken):
            rounds, values = columns.setdefault(key, ([], []))
            rounds.append(round_)
            values.append(item)
        return Taken(len(taken), [(key, *column) for key, column in columns.items()])

    def _from_lists(self, most: int) -> Taken:
        start = self._at
        parts = {key: values[start : start + most] for key, values in self._lists.items()}
        count = max(map(len, parts.values()))
        count = min(count, *(_fitting(part, count) for part in parts.values()))
        self._at += count
        columns = [
            (key, list(range(min(count, len(part)))), part[:count])
            for key, part in parts.items()
            if part
        ]
        return Taken(count, columns)

    def _from_iterator(self, iterator: Iterator[Any], most: int) -> Taken | None:
        """Take as many items as come at once: one that has to be waited for goes alone."""
        batch: list[Any] = []
        size = 0
        start = perf_counter()
        try:
            if self._single_error is not None:
                raise self._single_error
            most = min(self._most, most)
            while len(batch) < most and size < BATCH_BYTES:
                before = len(batch)
                # Scalars come all at once, what may be large one by one.
                step = most - before if batch and type(batch[-1]) in SCALARS else 1
                batch.extend(islice(iterator, step))  # what came before an error stays
                if len(batch) < before + step:
                    break
                size += sum(map(size_of, batch[before:]))
        except Exception as error:
            if not batch:
                raise
            self._single_error = error  # after the items before it
        quick = perf_counter() - start < _QUICK_S
        self._most = min(2 * self._most, BATCH_ITEMS) if quick else 1
        if not batch:
            return None
        return Taken(len(batch), [(self._single_key, list(range(len(batch))), batch)])


def _fitting(values: list[Any], most: int) -> int:
    """Return how many values make a batch: at least one, and no more after 4 MiB."""
    if SCALARS.issuperset(map(type, values)):
        return most
    size = 0
    for count, value in enumerate(values, 1):
        size += size_of(value)
        if size >= BATCH_BYTES:
            return count
    return most


def _is_stream(value: Any) -> bool:
    if isinstance(value, _VALUES) or hasattr(value, "dtype"):
        return False
    return hasattr(value, "__aiter__") or hasattr(value, "__iter__")
