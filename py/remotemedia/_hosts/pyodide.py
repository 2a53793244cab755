"""The engine as the browser's host sees it: a few methods, numbers, and an arena for results.

docs/internals/boundaries.md is the contract. Nothing here needs Pyodide: buffers only have to have
`to_bytes()`, as a JsProxy of a typed array has.
"""

from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING, Any

from remotemedia._batches import decode_batches, encode_batch
from remotemedia._effects import Await, Emit, drive, drive_async
from remotemedia._engine import Engine
from remotemedia._errors import ClosedError, RemoteMediaError
from remotemedia._json_text import parse_json
from remotemedia._packet import pack_into, packed_size
from remotemedia._registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotemedia._batches import RawPacket
    from remotemedia._effects import Batch, Effects

DONE, MORE, SLEEP, FAILED = range(4)
TO_HOST = 0xFFFFFFFF
MOST_ITEMS = 4096
MOST_BYTES = 4 << 20

_ARENA_BYTES = 64 << 10


class _Open:
    """An open segment and the call that is under way."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.call: Effects | None = None


class PyodideHost:
    """Runs segments for the TypeScript host. Handles are numbers from 1 on."""

    def __init__(self) -> None:
        self._registry = Registry()
        self._open: dict[int, _Open] = {}
        self._last = 0
        self._arena = bytearray(_ARENA_BYTES)

    def open(self, segment_json: str) -> int:
        """Open a segment; returns its handle, or 0 with the error in the arena."""
        try:
            engine = Engine(
                parse_json(segment_json),
                self._registry.find,
                encode_batch,
                most_items=MOST_ITEMS,
                most_bytes=MOST_BYTES,
            )
            engine.open()
        except Exception as error:  # noqa: BLE001 - it goes over the wire
            self._write(FAILED, [], error=error)
            return 0
        self._last += 1
        self._open[self._last] = _Open(engine)
        return self._last

    def run(self, handle: int, until_round: float, until_order: int, *parts: Any) -> int:
        """Process a batch; returns the length of the result in the arena."""
        return self._sync(self._start(handle, "run", until_round, until_order, parts))

    def flush(self, handle: int, until_round: float, until_order: int, *parts: Any) -> int:
        """Process the flush round; returns the length of the result in the arena."""
        return self._sync(self._start(handle, "flush", until_round, until_order, parts))

    def resume(self, handle: int) -> int:
        """Go on after `more` or `sleep`; returns the length of the result in the arena."""
        return self._sync(self._turn(handle))

    async def run_async(
        self, handle: int, until_round: float, until_order: int, *parts: Any
    ) -> int:
        """Process a batch in a segment with an async node."""
        turn = self._start(handle, "run", until_round, until_order, parts)
        return int(await drive_async(turn))

    async def flush_async(
        self, handle: int, until_round: float, until_order: int, *parts: Any
    ) -> int:
        """Process the flush round in a segment with an async node."""
        turn = self._start(handle, "flush", until_round, until_order, parts)
        return int(await drive_async(turn))

    async def resume_async(self, handle: int) -> int:
        """Go on after `more` or `sleep` in a segment with an async node."""
        return int(await drive_async(self._turn(handle)))

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
                if entry.call is not None:
                    entry.call.close()
                entry.engine.close()
        except Exception as error:  # noqa: BLE001 - it goes over the wire
            return self._write(FAILED, [], error=error)
        return self._write(DONE, [])

    def arena(self) -> bytearray:
        """Return the bytes in which results stand."""
        return self._arena

    def catalog(self) -> str:
        """Return the catalog entries of the Python nodes as JSON."""
        return json.dumps(self._registry.catalog())

    # --- turns ------------------------------------------------------------------------------

    def _start(
        self, handle: int, verb: str, until_round: float, until_order: int, parts: tuple[Any, ...]
    ) -> Effects:
        until = until_round, until_order

        def call(engine: Engine) -> Effects:
            return getattr(engine, verb)(_batches(parts), until)  # type: ignore[no-any-return]

        return self._turn(handle, call)

    def _turn(self, handle: int, start: Callable[[Engine], Effects] | None = None) -> Effects:
        """Go on as far as the host must know something; returns the length of the result."""
        entry = self._open.get(handle)
        if entry is None:
            return self._write(FAILED, [], error=ClosedError(f"there is no open segment {handle}"))
        try:
            if start is not None:
                entry.call = start(entry.engine)
            call = entry.call
            if call is None:
                raise ClosedError(f"no call of segment {handle} is under way")
            effect = call.send(None)
            while type(effect) is Await:
                try:
                    value = yield effect
                except Exception as error:  # noqa: BLE001 - it belongs to the node
                    effect = call.throw(error)
                else:
                    effect = call.send(value)
        except StopIteration as end:
            entry.call = None
            outputs, failure = end.value
            return self._write(DONE if failure is None else FAILED, outputs, error=failure)
        except Exception as error:  # noqa: BLE001 - it goes over the wire
            return self._write(FAILED, [], error=error)
        if isinstance(effect, Emit):
            return self._write(MORE, effect.outputs)
        return self._write(SLEEP, [], sleep_ms=math.ceil(effect.milliseconds))

    def _sync(self, turn: Effects) -> int:
        return int(drive(turn))

    def _write(
        self,
        status: int,
        packets: list[RawPacket],
        *,
        sleep_ms: int = 0,
        error: Exception | None = None,
    ) -> int:
        """Write a result into the arena; returns its length."""
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
        struct.pack_into("<4I", arena, 0, status, len(packets), sleep_ms, len(text))
        arena[16 : 16 + len(text)] = text
        for header, packet, size in zip(headers, packets, sizes, strict=True):
            to = TO_HOST if packet.to is None else packet.to
            struct.pack_into("<4I", arena, start, to, 0, 0, 0)
            pack_into(arena[start + 16 : start + 16 + size], header, packet.buffers)
            start += 16 + size
        return total


def connect() -> PyodideHost:
    """Return the host object; TypeScript calls its methods through cached proxies."""
    return PyodideHost()


def _batches(parts: tuple[Any, ...]) -> list[Batch]:
    """Read packets that arrive as header, buffers, header, buffers and so on."""
    batches: list[Batch] = []
    header: str | None = None
    buffers: list[Any] = []
    for part in parts:
        if type(part) is not str:
            buffers.append(part.to_bytes())
            continue
        if header is not None:
            batches += decode_batches(header, buffers)
        header, buffers = part, []
    if header is not None:
        batches += decode_batches(header, buffers)
    return batches


def _wire(error: Exception) -> dict[str, Any]:
    if isinstance(error, RemoteMediaError):
        return error.to_wire()
    return RemoteMediaError(f"{type(error).__name__}: {error}").to_wire()
