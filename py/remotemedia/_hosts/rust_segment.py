"""A segment of Rust nodes in the WebAssembly module (docs/internals/boundaries.md)."""

from __future__ import annotations

import struct
from time import perf_counter
from typing import TYPE_CHECKING, Any

from remotemedia._batches import RawPacket, encode_batch
from remotemedia._effects import Batch, Result, Sleep
from remotemedia._errors import ClosedError, RemoteMediaError
from remotemedia._packet import pack_into, packed_size

if TYPE_CHECKING:
    from remotemedia._effects import Effects
    from remotemedia._hosts.rust_module import Answer, RustModule

DONE, MORE, SLEEP, FAILED, ENDED = range(5)
NONSENSE = (struct.error, ValueError, TypeError, KeyError, IndexError, AttributeError)
"""What reading the answer of a module raises that does not keep the ABI."""
TO_HOST = 0xFFFFFFFF

MOST_SPANS = 10_000
"""How many crossings of a segment are kept for a trace."""
REMEMBER_S = 0.1
"""How often metrics are read during a run, for the case that the module is lost."""


class RustSegment:
    """An open segment of Rust nodes. `crossings` tells what its boundary cost."""

    def __init__(self, runtime: RustModule, handle: int, segment: dict[str, Any]) -> None:
        self._runtime = runtime
        self._generation = runtime.generation
        self._handle = handle
        self._segment = segment
        ends = [node["params"]["to"] for node in segment["nodes"] if node["node_type"] == "__Out"]
        self._receivers = {TO_HOST if to is None else to for to in ends}
        self._traces = bool(segment.get("trace"))
        self._measures = self._traces or bool(segment.get("metrics"))
        place = segment.get("place", "rust:runtime")
        self._into = _crossing("python", place)
        self._out_of = _crossing(place, "python")
        self.crossings = [self._into, self._out_of]
        self.spans: list[tuple[str, str, str, float, float]] = []
        """Crossings for a trace: name, category, track, start, seconds."""
        self._known: dict[str, Any] = {}
        self._known_at = perf_counter()
        self._lost: str | None = None
        """The node that took the module down."""

    def run(self, batches: list[Any], until: tuple[float, int]) -> Effects:
        """Process a batch of rounds."""
        return self._call("rm_segment_run", batches, until)

    def flush(self, batches: list[Any], until: tuple[float, int]) -> Effects:
        """Process the flush round."""
        return self._call("rm_segment_flush", batches, until)

    def metrics(self) -> dict[str, Any]:
        """Return what was counted; if the module is gone, what was known of it."""
        runtime = self._runtime
        with runtime.lock:
            if not runtime.has(self._generation):
                return self._remembered()
            runtime.call("rm_segment_metrics", self._handle)
            try:
                metrics = {"nodes": [], **runtime.json()}
            except NONSENSE as error:
                raise runtime.nonsense(error) from error
        return metrics

    def _remembered(self) -> dict[str, Any]:
        nodes = self._known.get("nodes") or [
            {"node_id": node["id"], "node_type": node["node_type"], "runtime": "rust", **_NOTHING}
            for node in self._segment["nodes"]
            if "order" in node
        ]
        for node in nodes:
            if node["node_id"] == self._lost:
                node["execution_count"] += 1
                node["error_count"] += 1
        self._lost = None
        skipped = self._known.get("skipped") or {"count": 0, "errors": []}
        return {"nodes": nodes, "skipped": skipped}

    def close(self) -> None:
        """Close the nodes; safe to call twice."""
        runtime = self._runtime
        with runtime.lock:
            handle, self._handle = self._handle, 0
            runtime.enters.pop(handle, None)
            if handle and runtime.has(self._generation):
                runtime.call("rm_segment_close", handle)

    def _call(self, name: str, batches: list[Any], until: tuple[float, int]) -> Effects:
        self._check_open()
        runtime = self._runtime
        outputs: list[RawPacket] = []
        try:
            with runtime.lock:
                length = self._write(batches)
                call = name, self._handle, length, float(until[0]), until[1]
                answer = self._step(outputs, *call)
            while answer.status not in (DONE, ENDED):
                if answer.status == SLEEP:
                    yield Sleep(answer.sleep_ms)
                with runtime.lock:
                    self._check_open()
                    answer = self._step(outputs, "rm_segment_resume", self._handle)
        except RemoteMediaError as error:
            if not runtime.has(self._generation):
                self._lost = error.node_id
            return Result(outputs, error)
        if self._measures and perf_counter() - self._known_at > REMEMBER_S:
            self._known, self._known_at = self.metrics(), perf_counter()
        return Result(outputs, None, answer.status == ENDED)

    def _check_open(self) -> None:
        if not self._handle or not self._runtime.has(self._generation):
            raise ClosedError("the segment is closed")

    def _step(self, outputs: list[RawPacket], name: str, *arguments: float) -> Answer:
        """Call, add what there is to the outputs; raises what the segment failed with."""
        runtime = self._runtime
        runtime.call(name, *arguments)
        try:
            answer = runtime.answer()
            outputs += self._read(answer)
        except NONSENSE as error:
            raise runtime.nonsense(error) from error
        if answer.status == FAILED:
            raise runtime.error()
        return answer

    def _write(self, batches: list[Any]) -> int:
        """Write packets back to back into the input block; returns their length."""
        start = self._clock()
        packets = [encode_batch(b) if isinstance(b, Batch) else b for b in batches]
        headers = [packet.header.encode() for packet in packets]
        sizes = [
            packed_size(header, packet.buffers)
            for header, packet in zip(headers, packets, strict=True)
        ]
        total = sum(sizes)
        block = self._runtime.input_block(total)
        at = 0
        for header, packet, size in zip(headers, packets, sizes, strict=True):
            pack_into(block[at : at + size], header, packet.buffers)
            at += size
        self._count(self._into, len(packets), total, start)
        return total

    def _read(self, answer: Answer) -> list[RawPacket]:
        """Copy the packets out of the module's memory."""
        start = self._clock()
        memory = self._runtime.memory()
        packets = []
        size = 0
        for i in range(answer.packets_count):
            to, *header, pairs, count = struct.unpack_from(
                "<5I", memory, answer.packets_ptr + 20 * i
            )
            ends = struct.unpack_from(f"<{2 * count}I", memory, pairs)
            buffers = [
                bytes(memory[at : at + length])
                for at, length in zip(ends[::2], ends[1::2], strict=True)
            ]
            text = str(memory[header[0] : header[0] + header[1]], "utf-8")
            size += header[1] + sum(map(len, buffers))
            if to not in self._receivers:
                message = f"a packet for the segment {to}"
                raise IndexError(message)
            packets.append(RawPacket(None if to == TO_HOST else to, text, buffers))
        self._count(self._out_of, len(packets), size, start)
        return packets

    def _clock(self) -> float:
        return perf_counter() if self._measures else 0.0

    def _count(self, crossing: dict[str, Any], packets: int, size: int, start: float) -> None:
        if not self._measures or not packets:
            return
        seconds = perf_counter() - start
        crossing["packets"] += packets
        crossing["bytes"] += size
        crossing["total_duration_us"] += seconds * 1e6
        if self._traces and len(self.spans) < MOST_SPANS:
            name = f"{crossing['from']} → {crossing['to']}"
            self.spans.append((name, "crossing", "crossings", start, seconds))


_NOTHING = {
    **dict.fromkeys(("execution_count", "success_count", "error_count"), 0),
    "total_duration_us": 0.0,
    **dict.fromkeys(("min_duration_us", "max_duration_us")),
}


def _crossing(start: str, end: str) -> dict[str, Any]:
    return {"from": start, "to": end, "packets": 0, "bytes": 0, "total_duration_us": 0.0}
