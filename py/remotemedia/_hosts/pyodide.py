"""The engine as the browser's host sees it: a few methods, numbers, and an arena for results.

docs/internals/boundaries.md is the contract. Nothing here needs Pyodide: buffers only have to have
`to_bytes()`, as a JsProxy of a typed array has.
"""

from __future__ import annotations

import functools
import json
import math
import struct
from typing import TYPE_CHECKING, Any

from remotemedia._batches import decode_batches, encode_batch
from remotemedia._effects import Await, Emit, Sleep, drive, drive_async
from remotemedia._engine import Engine
from remotemedia._errors import CancelledError, ClosedError, RemoteMediaError
from remotemedia._json_text import parse_json
from remotemedia._packet import pack_into, packed_size
from remotemedia._registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remotemedia._batches import RawPacket
    from remotemedia._bundle_nodes import BundleNodes
    from remotemedia._effects import Batch, Effects, Result
    from remotemedia._node import Node

DONE, MORE, SLEEP, FAILED, ENDED = range(5)
TO_HOST = 0xFFFFFFFF
MOST_ITEMS = 4096
MOST_BYTES = 4 << 20

_ARENA_BYTES = 64 << 10
_FOUR = struct.Struct("<4I")


class _Open:
    """An open segment and the call that is under way."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.call: Effects | None = None

    def start(self, verb: str, parts: tuple[Any, ...], until: tuple[float, int]) -> Effects:
        """Start a call; packets are read when it begins to run."""
        if verb == "run":
            return self.engine.run(_batches(parts), until)
        return self.engine.flush(_batches(parts), until)

    def close(self) -> None:
        """End the call that is under way, then close the nodes."""
        try:
            if self.call is not None:
                self.call.close()
        finally:
            self.engine.close()


class PyodideHost:
    """Runs segments for the TypeScript host. Handles are numbers from 1 on.

    `enter(handle, order, round)` is called before calls of nodes with a deadline (see `Engine`).
    """

    def __init__(self, enter: Callable[[int, int, float], Any] | None = None) -> None:
        self._enter = enter
        self._registry = Registry()
        self._bundle: BundleNodes | None = None
        self._open: dict[int, _Open] = {}
        self._last = 0
        self._arena = bytearray(_ARENA_BYTES)

    def open(self, segment_json: str) -> int:
        """Open a segment; returns its handle, or 0 with the error in the arena."""
        handle, enter = self._last + 1, self._enter
        try:
            segment = parse_json(segment_json)
            self._check_versions(segment["nodes"])
            engine = Engine(
                segment,
                self._find,
                encode_batch,
                most_items=MOST_ITEMS,
                most_bytes=MOST_BYTES,
                enter=enter and functools.partial(enter, handle),
            )
            engine.open()
        except BaseException as error:  # noqa: BLE001 - it goes over the wire
            self._write(FAILED, [], error=error)
            return 0
        self._last = handle
        self._open[handle] = _Open(engine)
        return handle

    def _check_versions(self, nodes: list[dict[str, Any]]) -> None:
        """Check the versions of packages: the host loads them by their names."""
        for node in nodes:
            cls = None if node["node_type"].startswith("__") else self._find(node["node_type"])
            for requirement in cls.requires if cls else ():
                if not requirement.replace("-", "_").isidentifier():
                    from remotemedia._requirements import check_version

                    check_version(requirement)

    def add_bundle(self, root: str, bundle_id: str, catalog_json: str) -> int:
        """Make the nodes of a bundle known, whose files lie in `root`; from then on read-only.

        Returns 1, or 0 with the error in the arena.
        """
        try:
            from remotemedia._bundle_nodes import BundleNodes
            from remotemedia._hosts.bundle_files import settle

            settle(root)
            self._bundle = BundleNodes(root, bundle_id, parse_json(catalog_json))
        except BaseException as error:  # noqa: BLE001 - it goes over the wire
            self._write(FAILED, [], error=error)
            return 0
        return 1

    def run(self, handle: int, until_round: float, until_order: int, *parts: Any) -> int:
        """Process a batch; returns the length of the result in the arena."""
        return self._begin(handle, "run", parts, (until_round, until_order))

    def flush(self, handle: int, until_round: float, until_order: int, *parts: Any) -> int:
        """Process the flush round; returns the length of the result in the arena."""
        return self._begin(handle, "flush", parts, (until_round, until_order))

    def resume(self, handle: int) -> int:
        """Go on after `more` or `sleep`; returns the length of the result in the arena."""
        entry = self._open.get(handle)
        if entry is None or entry.call is None:
            return self._write(FAILED, [], error=_closed(handle))
        return self._advance(entry, entry.call)

    async def run_async(
        self, handle: int, until_round: float, until_order: int, *parts: Any
    ) -> int:
        """Process a batch in a segment with an async node."""
        return await self._begin_async(handle, "run", parts, (until_round, until_order))

    async def flush_async(
        self, handle: int, until_round: float, until_order: int, *parts: Any
    ) -> int:
        """Process the flush round in a segment with an async node."""
        return await self._begin_async(handle, "flush", parts, (until_round, until_order))

    async def resume_async(self, handle: int) -> int:
        """Go on after `more` or `sleep` in a segment with an async node."""
        entry = self._open.get(handle)
        if entry is None or entry.call is None:
            return self._write(FAILED, [], error=_closed(handle))
        return await self._advance_async(entry, entry.call)

    def is_async(self, handle: int) -> bool:
        """Tell whether the segment has an async node."""
        return self._open[handle].engine.is_async

    def metrics(self, handle: int) -> str:
        """Return the segment's metrics as JSON."""
        return json.dumps(self._open[handle].engine.metrics())

    def close(self, handle: int) -> int:
        """Close the segment; returns the length of the result in the arena. Safe to call twice."""
        entry = self._open.pop(handle, None)
        try:
            if entry is not None:
                entry.close()
        except BaseException as error:  # noqa: BLE001 - it goes over the wire
            return self._write(FAILED, [], error=error)
        return self._write(DONE, [])

    def arena(self) -> bytearray:
        """Return the bytes in which results stand."""
        return self._arena

    def catalog(self) -> str:
        """Return the catalog entries of the Python nodes as JSON."""
        return json.dumps(self._registry.catalog())

    def _find(self, name: str) -> type[Node] | None:
        cls = self._registry.find(name)
        if cls is None and self._bundle is not None:
            return self._bundle.find(name)
        return cls

    # --- calls of the engine --------------------------------------------------------------

    def _begin(
        self, handle: int, verb: str, parts: tuple[Any, ...], until: tuple[float, int]
    ) -> int:
        entry = self._open.get(handle)
        if entry is None:
            return self._write(FAILED, [], error=_closed(handle))
        entry.call = call = entry.start(verb, parts, until)
        return self._advance(entry, call)

    async def _begin_async(
        self, handle: int, verb: str, parts: tuple[Any, ...], until: tuple[float, int]
    ) -> int:
        entry = self._open.get(handle)
        if entry is None:
            return self._write(FAILED, [], error=_closed(handle))
        entry.call = call = entry.start(verb, parts, until)
        return await self._advance_async(entry, call)

    def _advance(self, entry: _Open, call: Effects) -> int:
        """Go on as far as the host must know something; returns the length of the result."""
        try:
            try:
                effect = call.send(None)
            except StopIteration as end:
                effect = end.value
            if isinstance(effect, Await):
                effect = drive(_until_pause(call, effect))
            return self._answer(entry, effect)
        except BaseException as error:  # noqa: BLE001 - it goes over the wire
            return self._end(entry, error)

    async def _advance_async(self, entry: _Open, call: Effects) -> int:
        try:
            return self._answer(entry, await drive_async(_until_pause(call)))
        except BaseException as error:  # noqa: BLE001 - it goes over the wire
            return self._end(entry, error)

    def _answer(self, entry: _Open, effect: Result | Emit | Sleep) -> int:
        if isinstance(effect, Emit):
            return self._write(MORE, effect.outputs)
        if isinstance(effect, Sleep):
            return self._write(SLEEP, [], sleep_ms=math.ceil(effect.milliseconds))
        entry.call = None
        status = FAILED if effect.error is not None else ENDED if effect.ended else DONE
        return self._write(status, effect.outputs, error=effect.error)

    def _end(self, entry: _Open, error: BaseException) -> int:
        """Give up the call that is under way."""
        call, entry.call = entry.call, None
        if call is not None:
            call.close()
        return self._write(FAILED, [], error=error)

    def _write(
        self,
        status: int,
        packets: list[RawPacket],
        *,
        sleep_ms: int = 0,
        error: BaseException | None = None,
    ) -> int:
        """Write a result into the arena; returns its length."""
        if not packets and error is None:
            _FOUR.pack_into(self._arena, 0, status, 0, sleep_ms, 0)
            return 16
        text = b"" if error is None else json.dumps(_wire(error)).encode()
        start = 16 + len(text) + -len(text) % 16
        headers = [packet.header.encode() for packet in packets]
        sizes = [
            packed_size(header, packet.buffers)
            for header, packet in zip(headers, packets, strict=True)
        ]
        total = start + sum(sizes) + 16 * len(sizes)
        if total > len(self._arena):
            self._arena = bytearray(1 << (total - 1).bit_length())
        arena = memoryview(self._arena)
        _FOUR.pack_into(arena, 0, status, len(packets), sleep_ms, len(text))
        arena[16 : 16 + len(text)] = text
        for header, packet, size in zip(headers, packets, sizes, strict=True):
            to = TO_HOST if packet.to is None else packet.to
            _FOUR.pack_into(arena, start, to, 0, 0, 0)
            pack_into(arena[start + 16 : start + 16 + size], header, packet.buffers)
            start += 16 + size
        return total


def connect(enter: Callable[[int, int, float], Any] | None = None) -> PyodideHost:
    """Return the host object; TypeScript calls its methods through cached proxies."""
    return PyodideHost(enter)


def _until_pause(call: Effects, effect: Any = None) -> Effects:
    """Go on to the next Emit or Sleep, or to the Result, yielding what has to be awaited."""
    try:
        effect = effect or call.send(None)
        while isinstance(effect, Await):
            try:
                value = yield effect
            except Exception as error:  # noqa: BLE001 - it belongs to the node
                effect = call.throw(error)
            else:
                effect = call.send(value)
    except StopIteration as end:
        return end.value
    return effect


def _batches(parts: tuple[Any, ...]) -> Iterator[Batch]:
    """Read packets that arrive as header, buffers, header, buffers and so on."""
    header: str | None = None
    buffers: list[Any] = []
    for part in parts:
        if type(part) is not str:
            buffers.append(part.to_bytes())
            continue
        if header is not None:
            yield from decode_batches(header, buffers)
        header, buffers = part, []
    if header is not None:
        yield from decode_batches(header, buffers)


def _closed(handle: int) -> ClosedError:
    return ClosedError(f"segment {handle} is not open, or has no call under way")


def _wire(error: BaseException) -> dict[str, Any]:
    """Return the wire shape; what is no Exception is an interrupt, or the end of a task."""
    if isinstance(error, RemoteMediaError):
        return error.to_wire()
    cls = RemoteMediaError if isinstance(error, (Exception, SystemExit)) else CancelledError
    code = "out_of_memory" if isinstance(error, MemoryError) else None
    return cls(f"{type(error).__name__}: {error}", code=code).to_wire()
