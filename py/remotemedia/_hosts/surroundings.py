"""What a Rust module can reach natively: a clock, random numbers, standard error, its bundle.

A module of a bundle is untrusted: no arguments, no environment, no network, no time of day. It sees
`models/` and `assets/` of its bundle below `/bundle`, read-only.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from remotemedia._bundle_modules import IMPORTS
from remotemedia._errors import RuntimeLoadError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDERS = ("models", "assets")
"""What a module sees of its bundle."""

_WASI = "wasi_snapshot_preview1"
_OK, _FAULT = 0, 21


def check_imports(module: Any, name: str) -> None:
    """Raise RuntimeLoadError if a module asks for what modules of bundles may not have."""
    for link in module.imports:
        if link.name not in IMPORTS.get(link.module, ()):
            message = f"{name} asks for {link.module}.{link.name}, which modules may not have"
            raise RuntimeLoadError(message)


def confine(wasmtime: Any, module: Any, files: Callable[[], Path] | None) -> Any:
    """Return the WASI configuration for a module of a bundle; `files` is its folder."""
    config = wasmtime.WasiConfig()
    # A callback of ours would be ended by a thread of wasmtime, when Python may be gone.
    config.inherit_stderr()
    if files is not None and any(link.name == "path_open" for link in module.imports):
        for folder in FOLDERS:
            path = files() / folder
            if path.is_dir():
                config.preopen_dir(str(path), f"/bundle/{folder}", fs_mutable=False)
    return config


def define_clock(wasmtime: Any, linker: Any) -> None:
    """Let every clock of a module be the monotonic one; wasmtime's own tells the time of day."""
    start = time.perf_counter_ns()

    def clock_time_get(caller: Any, _clock: int, _precision: int, at: int) -> int:
        memory = caller["memory"]
        now = (time.perf_counter_ns() - start).to_bytes(8, "little")
        try:
            memory.write(caller, now, at & 0xFFFFFFFF)
        except IndexError:
            return _FAULT
        return _OK

    i32, i64 = wasmtime.ValType.i32, wasmtime.ValType.i64
    kind = wasmtime.FuncType([i32(), i64(), i32()], [i32()])
    linker.allow_shadowing = True
    linker.define_func(_WASI, "clock_time_get", kind, clock_time_get, access_caller=True)
