"""The Rust engine natively: drives `runtime.wasm` with wasmtime (docs/internals/boundaries.md).

The module sees no files, no environment and no arguments. One batch is one call of an export; the
results are read from the module's memory without further calls.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import os
import struct
from functools import lru_cache
from pathlib import Path
from threading import RLock
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from remotemedia._batches import RawPacket, encode_batch
from remotemedia._effects import Batch, Result, Sleep
from remotemedia._errors import (
    ClosedError,
    NodeError,
    RemoteMediaError,
    RuntimeLoadError,
    from_wire,
)
from remotemedia._packet import pack_into, packed_size

if TYPE_CHECKING:
    from remotemedia._effects import Effects

PATH_VARIABLE = "REMOTEMEDIA_RUNTIME_WASM"
"""Environment variable that names another `runtime.wasm`."""

ABI_VERSION = 1
DONE, MORE, SLEEP, FAILED = range(4)
TO_HOST = 0xFFFFFFFF
MOST_BYTES = 0xFFFFFFF0
"""What one call takes in must be smaller: lengths are 32 bits wide."""


class _Module(NamedTuple):
    """A compiled module, shared by all runtimes of the process."""

    wasmtime: Any
    engine: Any
    module: Any


class _Answer(NamedTuple):
    """The mailbox table after a call."""

    in_ptr: int
    in_cap: int
    status: int
    sleep_ms: int
    json_ptr: int
    json_len: int
    packets_ptr: int
    packets_count: int


class RustRuntime:
    """One instance of the Rust module. After a trap it makes a new one for the next segment.

    Threads may share it: wasmtime lets go of the GIL during a call, so whoever writes, calls and
    reads the answer holds `lock` for that long.
    """

    def __init__(self, module: _Module) -> None:
        self._module = module
        self.lock = RLock()
        self.load_ms = 0.0
        """How long it took to load."""
        self.generation = 0
        """Counts instances: segments of an earlier one are gone."""
        self._start()

    @classmethod
    def load(cls) -> RustRuntime:
        """Make a runtime; raises RuntimeLoadError that says what is missing."""
        start = perf_counter()
        path = _runtime_path()
        try:
            runtime = cls(_compile(path, path.stat().st_mtime_ns))
        except OSError as error:
            message = f"{path} cannot be read: {error.strerror}"
            raise RuntimeLoadError(message) from error
        runtime.load_ms = (perf_counter() - start) * 1000
        return runtime

    def _start(self) -> None:
        wasmtime, engine, module = self._module
        self._store = store = wasmtime.Store(engine)
        store.set_wasi(wasmtime.WasiConfig())
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        kinds = [wasmtime.ValType.i32(), wasmtime.ValType.i32(), wasmtime.ValType.f64()]
        enter = wasmtime.Func(store, wasmtime.FuncType(kinds, []), lambda *_: None)
        try:
            linker.define(store, "remotemedia", "rm_enter", enter)
            self._exports = exports = linker.instantiate(store, module).exports(store)
            self._memory = exports["memory"]
            exports["_initialize"](store)
            version = exports["rm_abi_version"](store)
            self._mailbox = exports["rm_mailbox"](store)
        except (wasmtime.WasmtimeError, wasmtime.Trap, KeyError) as error:
            message = f"runtime.wasm cannot be started: {error}"
            raise RuntimeLoadError(message) from error
        if version != ABI_VERSION:
            message = f"runtime.wasm has ABI version {version}, needed is {ABI_VERSION}"
            raise RuntimeLoadError(message)

    def catalog(self) -> list[dict[str, Any]]:
        """Return the catalog entries of the Rust nodes."""
        with self.lock:
            self.call("rm_catalog")
            catalog: list[dict[str, Any]] = self.json()
        return catalog

    def plan(self, request: str) -> dict[str, Any]:
        """Plan; returns the response, raises if the request is unreadable."""
        with self.lock:
            self.call("rm_plan", self.write(request.encode()))
            if self.answer().status == FAILED:
                raise from_wire(self.json())
            response: dict[str, Any] = self.json()
        return response

    def open(self, segment: dict[str, Any]) -> RustSegment:
        """Open a segment; raises the error of a node that cannot be made."""
        with self.lock:
            handle = self.call("rm_segment_open", self.write(json.dumps(segment).encode()))
            if handle == 0:
                raise from_wire(self.json())
            return RustSegment(self, handle)

    # --- the ABI --------------------------------------------------------------------------

    def call(self, name: str, *arguments: float) -> int:
        """Call an export; a trap becomes an error, and the next call gets a new instance."""
        wasmtime = self._module.wasmtime
        try:
            return self._exports[name](self._store, *arguments)  # type: ignore[no-any-return]
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            failure = self._last_error(error)
            self.generation += 1
            self._start()
            raise failure from error

    def _last_error(self, trap: Exception) -> RemoteMediaError:
        wasmtime = self._module.wasmtime
        try:
            if self._exports["rm_last_error"](self._store):
                return from_wire(self.json())
        except (wasmtime.Trap, wasmtime.WasmtimeError, ValueError):
            pass  # the module is too broken to tell
        return NodeError(f"the Rust module failed: {trap}", runtime="rust")

    def memory(self) -> memoryview:
        """Return a view of the module's memory, which is good until the next call."""
        pointer = self._memory.data_ptr(self._store)
        kind = ctypes.c_ubyte * self._memory.data_len(self._store)
        address = ctypes.addressof(pointer.contents)
        return memoryview(kind.from_address(address)).cast("B")

    def answer(self) -> _Answer:
        """Read the mailbox table."""
        return _Answer._make(struct.unpack_from("<8I", self.memory(), self._mailbox))

    def json(self) -> Any:
        """Read the result JSON."""
        answer = self.answer()
        text = self.memory()[answer.json_ptr : answer.json_ptr + answer.json_len]
        return json.loads(bytes(text))

    def input_block(self, size: int) -> memoryview:
        """Return the input block, made at least this large."""
        if size >= MOST_BYTES:
            message = f"{size} bytes are too many for one crossing, {MOST_BYTES - 1} are possible"
            raise NodeError(message, runtime="rust")
        answer = self.answer()
        start = answer.in_ptr
        if size > answer.in_cap:
            start = self.call("rm_alloc", size) & 0xFFFFFFFF  # wasmtime takes it as signed
            if not start:
                message = f"the Rust module has no memory for {size} bytes"
                raise NodeError(message, runtime="rust")
        return self.memory()[start : start + size]

    def write(self, text: bytes) -> int:
        """Write into the input block; returns the length."""
        self.input_block(len(text))[:] = text
        return len(text)


class RustSegment:
    """An open segment of Rust nodes. `crossings` tells what its boundary cost."""

    def __init__(self, runtime: RustRuntime, handle: int) -> None:
        self._runtime = runtime
        self._generation = runtime.generation
        self._handle = handle
        self._into = _crossing("python", "rust:runtime")
        self._out_of = _crossing("rust:runtime", "python")
        self.crossings = [self._into, self._out_of]

    def run(self, batches: list[Any], until: tuple[float, int]) -> Effects:
        """Process a batch of rounds."""
        return self._call("rm_segment_run", batches, until)

    def flush(self, batches: list[Any], until: tuple[float, int]) -> Effects:
        """Process the flush round."""
        return self._call("rm_segment_flush", batches, until)

    def metrics(self) -> dict[str, Any]:
        """Return what was counted; nothing if the module has been replaced since."""
        runtime = self._runtime
        with runtime.lock:
            if self._generation != runtime.generation:
                return {"nodes": [], "skipped": {"count": 0, "errors": []}}
            runtime.call("rm_segment_metrics", self._handle)
            metrics: dict[str, Any] = runtime.json()
        return metrics

    def close(self) -> None:
        """Close the nodes; safe to call twice."""
        runtime = self._runtime
        with runtime.lock:
            handle, self._handle = self._handle, 0
            if handle and self._generation == runtime.generation:
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
            while answer.status != DONE:
                if answer.status == SLEEP:
                    yield Sleep(answer.sleep_ms)
                with runtime.lock:
                    self._check_open()
                    answer = self._step(outputs, "rm_segment_resume", self._handle)
        except RemoteMediaError as error:
            return Result(outputs, error)
        return Result(outputs, None)

    def _check_open(self) -> None:
        if not self._handle or self._generation != self._runtime.generation:
            raise ClosedError("the segment is closed")

    def _step(self, outputs: list[RawPacket], name: str, *arguments: float) -> _Answer:
        """Call, add what there is to the outputs; raises what the segment failed with."""
        runtime = self._runtime
        runtime.call(name, *arguments)
        answer = runtime.answer()
        outputs += self._read(answer)
        if answer.status == FAILED:
            raise from_wire(runtime.json())
        return answer

    def _write(self, batches: list[Any]) -> int:
        """Write packets back to back into the input block; returns their length."""
        start = perf_counter()
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
        _count(self._into, len(packets), total, start)
        return total

    def _read(self, answer: _Answer) -> list[RawPacket]:
        """Copy the packets out of the module's memory."""
        start = perf_counter()
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
            packets.append(RawPacket(None if to == TO_HOST else to, text, buffers))
        _count(self._out_of, len(packets), size, start)
        return packets


def _crossing(start: str, end: str) -> dict[str, Any]:
    return {"from": start, "to": end, "packets": 0, "bytes": 0, "total_duration_us": 0.0}


def _count(crossing: dict[str, Any], packets: int, size: int, start: float) -> None:
    crossing["packets"] += packets
    crossing["bytes"] += size
    crossing["total_duration_us"] += (perf_counter() - start) * 1e6


def _runtime_path() -> Path:
    named = os.environ.get(PATH_VARIABLE)
    if named:
        return Path(named)
    try:
        from remotemedia_wasm import runtime_path

        return Path(runtime_path())
    except ImportError:
        message = "remotemedia-wasm is not installed: pip install 'remotemedia[wasm]'"
        raise RuntimeLoadError(message) from None
    except FileNotFoundError as error:
        raise RuntimeLoadError(str(error)) from error


@lru_cache(maxsize=2)
def _compile(path: Path, _modified: int) -> _Module:
    try:
        import wasmtime
    except ImportError:
        message = "wasmtime is not installed: pip install 'remotemedia[wasm]'"
        raise RuntimeLoadError(message) from None
    engine = wasmtime.Engine()
    try:
        module = wasmtime.Module.from_file(engine, str(path))
    except wasmtime.WasmtimeError as error:
        message = f"{path.name} is not a module: {error}"
        raise RuntimeLoadError(message) from error
    return _Module(wasmtime, engine, module)


# At the end of the process wasmtime is taken apart before its objects would be.
atexit.register(_compile.cache_clear)
