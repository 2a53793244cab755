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
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import RLock
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from remotemedia._effects import Stopped
from remotemedia._errors import NodeError, RemoteMediaError, RuntimeLoadError, from_wire
from remotemedia._hosts.rust_segment import FAILED, RustSegment

if TYPE_CHECKING:
    from collections.abc import Callable

    Enter = Callable[[int, float], None]

PATH_VARIABLE = "REMOTEMEDIA_RUNTIME_WASM"
"""Environment variable that names another `runtime.wasm`."""

ABI_VERSION = 1
MOST_MEMORY = 64 << 20
"""An instance whose memory has grown beyond this is replaced between two runs."""
MOST_BYTES = 0xFFFFFFF0
"""What one call takes in must be smaller: lengths are 32 bits wide."""


class _Module(NamedTuple):
    """A module, compiled once per process; every runtime has an engine of its own."""

    wasmtime: Any
    compiled: bytes


class Answer(NamedTuple):
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
        self._wasmtime = wasmtime = module.wasmtime
        self._engine = wasmtime.Engine(_config(wasmtime))
        self._module = wasmtime.Module.deserialize(self._engine, module.compiled)
        self.lock = RLock()
        self.load_ms = 0.0
        """How long it took to load."""
        self.size = 0
        """Of the module's file, in bytes."""
        self.generation = 0
        """Counts instances: segments of an earlier one are gone."""
        self.busy = False
        """Whether an export is being called: `interrupt` ends that."""
        self.enters: dict[int, Enter] = {}
        """Per handle, what is told of calls with a deadline."""
        self._whole = False
        self._start()

    @classmethod
    def load(cls) -> RustRuntime:
        """Make a runtime; raises RuntimeLoadError that says what is missing."""
        start = perf_counter()
        path = _runtime_path()
        try:
            stat = path.stat()
            runtime = cls(_compile(path, stat.st_mtime_ns))
        except OSError as error:
            message = f"{path} cannot be read: {error.strerror}"
            raise RuntimeLoadError(message) from error
        runtime.size = stat.st_size
        runtime.load_ms = (perf_counter() - start) * 1000
        return runtime

    def _start(self) -> None:
        self._whole = False
        wasmtime = self._wasmtime
        self._store = store = wasmtime.Store(self._engine)
        store.set_wasi(wasmtime.WasiConfig())
        store.set_epoch_deadline(1)
        linker = wasmtime.Linker(self._engine)
        linker.define_wasi()
        kinds = [wasmtime.ValType.i32(), wasmtime.ValType.i32(), wasmtime.ValType.f64()]
        enter = wasmtime.Func(store, wasmtime.FuncType(kinds, []), _entering(self.enters))
        try:
            linker.define(store, "remotemedia", "rm_enter", enter)
            self._exports = exports = linker.instantiate(store, self._module).exports(store)
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
        self._whole = True

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

    def open(self, segment: dict[str, Any], enter: Enter | None = None) -> RustSegment:
        """Open a segment; raises the error of a node that cannot be made."""
        with self.lock:
            handle = self.call("rm_segment_open", self.write(json.dumps(segment).encode()))
            if handle == 0:
                raise from_wire(self.json())
            if enter is not None:
                self.enters[handle] = enter
            return RustSegment(self, handle, segment)

    def interrupt(self) -> None:
        """End the call that is under way in another thread, which raises Stopped there."""
        self._engine.increment_epoch()

    def tidy(self) -> None:
        """Make a new instance if this one is broken or has grown large; no segment is open."""
        with self.lock:
            if not self._whole or self._memory.data_len(self._store) > MOST_MEMORY:
                self._renew()

    def has(self, generation: int) -> bool:
        """Tell whether a segment that was opened in this generation can still be used."""
        return self._whole and generation == self.generation

    def _repair(self) -> None:
        if not self._whole:
            self._renew()

    def _renew(self) -> None:
        self._break()
        self._start()

    def _break(self) -> None:
        """Give the instance up; the next call makes a new one."""
        if self._whole:
            # At once: a stop may come between two statements.
            self._whole, self.generation = False, self.generation + 1
            self.enters.clear()

    # --- the ABI --------------------------------------------------------------------------

    def call(self, name: str, *arguments: float) -> int:
        """Call an export; a trap becomes an error, and the next call gets a new instance."""
        self._repair()
        wasmtime = self._wasmtime
        self._store.set_epoch_deadline(1)
        self.busy = True
        try:
            return self._exports[name](self._store, *arguments)  # type: ignore[no-any-return]
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            code = getattr(error, "trap_code", None)
            interrupted = code is wasmtime.TrapCode.INTERRUPT
            failure = Stopped() if interrupted else self._last_error(error)
            self._break()
            raise failure from error
        except BaseException:
            self._break()  # the module was left in the middle of its work
            raise
        finally:
            self.busy = False

    def _last_error(self, trap: Exception) -> RemoteMediaError:
        wasmtime = self._wasmtime
        self._store.set_epoch_deadline(1)
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

    def answer(self) -> Answer:
        """Read the mailbox table."""
        return Answer._make(struct.unpack_from("<8I", self.memory(), self._mailbox))

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
        self._repair()
        self.input_block(len(text))[:] = text
        return len(text)


def _entering(enters: dict[int, Enter]) -> Callable[[int, int, float], None]:
    """Return what the module calls; it must not keep the runtime alive."""

    def enter(handle: int, order: int, round_: float) -> None:
        told = enters.get(handle)
        if told is not None:
            told(order & 0xFFFFFFFF, round_)

    return enter


def _config(wasmtime: Any) -> Any:
    config = wasmtime.Config()
    config.epoch_interruption = True
    return config


def _compiler(wasmtime: Any) -> Any:
    """Return an engine that keeps what it compiled on disk, in wasmtime's own cache."""
    config = _config(wasmtime)
    with suppress(wasmtime.WasmtimeError):  # where no cache can be kept
        config.cache = True
    return wasmtime.Engine(config)


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
    try:
        module = wasmtime.Module.from_file(_compiler(wasmtime), str(path))
    except wasmtime.WasmtimeError as error:
        message = f"{path.name} is not a module: {error}"
        raise RuntimeLoadError(message) from error
    return _Module(wasmtime, bytes(module.serialize()))


# At the end of the process wasmtime is taken apart before its objects would be.
atexit.register(_compile.cache_clear)
