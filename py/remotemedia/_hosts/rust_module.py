"""An instance of a Rust module, driven with wasmtime through its ABI.

One batch is one call of an export; the results are read from the module's memory without further
calls (docs/internals/boundaries.md).
"""

from __future__ import annotations

import ctypes
import json
import struct
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

from remotemedia._effects import Stopped
from remotemedia._errors import NodeError, RemoteMediaError, RuntimeLoadError, from_wire
from remotemedia._hosts.compiled import engine_config
from remotemedia._hosts.rust_segment import FAILED, NONSENSE, RustSegment

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotemedia._hosts.compiled import Compiled

    Enter = Callable[[int, float], None]

ABI_VERSION = 1
MOST_MEMORY = 64 << 20
"""An instance whose memory has grown beyond this is replaced between two runs."""
MOST_BYTES = 0xFFFFFFF0
"""What one call takes in must be smaller: lengths are 32 bits wide."""


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


class RustModule:
    """One instance of a Rust module. After a trap it makes a new one for the next segment.

    Threads may share it: wasmtime lets go of the GIL during a call, so whoever writes, calls and
    reads the answer holds `lock` for that long.
    """

    def __init__(self, compiled: Compiled, engine: Any = None) -> None:
        self._wasmtime = wasmtime = compiled.wasmtime
        self.name = compiled.name
        """For messages, such as runtime.wasm."""
        self._engine = engine or wasmtime.Engine(engine_config(wasmtime))
        self._module = wasmtime.Module.deserialize(self._engine, compiled.code)
        self.lock = RLock()
        self.generation = 0
        """Counts instances: segments of an earlier one are gone."""
        self._is_called = False
        self.enters: dict[int, Enter] = {}
        """Per handle, what is told of calls with a deadline."""
        self._whole = False
        self._start()

    @property
    def busy(self) -> bool:
        """Whether an export is being called: `interrupt` ends that."""
        return self._is_called

    def _surroundings(self) -> tuple[Any, Any]:
        """Return what the module can reach: its WASI configuration, and a linker."""
        linker = self._wasmtime.Linker(self._engine)
        linker.define_wasi()
        return self._wasmtime.WasiConfig(), linker

    def _start(self) -> None:
        self._whole = False
        wasmtime = self._wasmtime
        config, linker = self._surroundings()
        self._store = store = wasmtime.Store(self._engine)
        store.set_wasi(config)
        store.set_epoch_deadline(1)
        kinds = [wasmtime.ValType.i32(), wasmtime.ValType.i32(), wasmtime.ValType.f64()]
        enter = wasmtime.Func(store, wasmtime.FuncType(kinds, []), _entering(self.enters))
        self._is_called = True
        try:
            linker.define(store, "remotemedia", "rm_enter", enter)
            self._exports = exports = linker.instantiate(store, self._module).exports(store)
            self._memory = exports["memory"]
            exports["_initialize"](store)
            version = exports["rm_abi_version"](store)
            self._mailbox = exports["rm_mailbox"](store) & 0xFFFFFFFF
        except (wasmtime.WasmtimeError, wasmtime.Trap, KeyError, TypeError) as error:
            if self._is_interrupt(error):
                raise Stopped from error
            message = f"{self.name} cannot be started: {error}"
            raise RuntimeLoadError(message) from error
        finally:
            self._is_called = False
        if version != ABI_VERSION:
            message = f"{self.name} has ABI version {version}, needed is {ABI_VERSION}"
            raise RuntimeLoadError(message)
        self._whole = True

    def _is_interrupt(self, error: Exception) -> bool:
        return getattr(error, "trap_code", None) is self._wasmtime.TrapCode.INTERRUPT

    def catalog(self) -> list[dict[str, Any]]:
        """Return the catalog entries of the Rust nodes."""
        with self.lock:
            self.call("rm_catalog")
            try:
                failed, catalog = self.answer().status == FAILED, self.json()
            except NONSENSE as error:
                raise self.nonsense(error) from error
        if failed:
            raise from_wire(catalog)
        if not isinstance(catalog, list):
            raise self.nonsense(TypeError("its catalog is no list"))
        return catalog

    def open(self, segment: dict[str, Any], enter: Enter | None = None) -> RustSegment:
        """Open a segment; raises the error of a node that cannot be made."""
        with self.lock:
            handle = self.call("rm_segment_open", self.write(json.dumps(segment).encode()))
            if handle == 0:
                raise self.error()
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
        self._is_called = True
        try:
            return self._exports[name](self._store, *arguments)  # type: ignore[no-any-return]
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            failure = Stopped() if self._is_interrupt(error) else self._last_error(error)
            self._break()
            raise failure from error
        except BaseException:
            self._break()  # the module was left in the middle of its work
            raise
        finally:
            self._is_called = False

    def _last_error(self, trap: Exception) -> RemoteMediaError:
        wasmtime = self._wasmtime
        self._store.set_epoch_deadline(1)
        try:
            if self._exports["rm_last_error"](self._store):
                return from_wire(self.json())
        except (wasmtime.Trap, wasmtime.WasmtimeError, *NONSENSE):
            pass  # the module is too broken to tell
        return NodeError(f"the Rust module failed: {trap}", runtime="rust")

    # --- its memory -----------------------------------------------------------------------

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

    def error(self) -> RemoteMediaError:
        """Read the error that a call has left."""
        try:
            return from_wire(self.json())
        except NONSENSE as error:
            return self.nonsense(error)

    def nonsense(self, error: Exception) -> NodeError:
        """Give the instance up; returns why: its answer cannot be read."""
        self._break()
        message = f"{self.name} does not keep the ABI: {type(error).__name__}: {error}"
        return NodeError(message, runtime="rust")

    def input_block(self, size: int) -> memoryview:
        """Return the input block, made at least this large."""
        if size >= MOST_BYTES:
            message = f"{size} bytes are too many for one crossing, {MOST_BYTES - 1} are possible"
            raise NodeError(message, runtime="rust")
        try:
            answer = self.answer()
        except struct.error as error:
            raise self.nonsense(error) from error
        start = answer.in_ptr
        if size > answer.in_cap:
            start = self.call("rm_alloc", size) & 0xFFFFFFFF  # wasmtime takes it as signed
            if not start:
                message = f"the Rust module has no memory for {size} bytes"
                raise NodeError(message, runtime="rust")
        block = self.memory()[start : start + size]
        if len(block) < size:
            raise self.nonsense(IndexError("its input block leaves its memory"))
        return block

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
