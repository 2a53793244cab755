"""Finds and compiles WebAssembly modules, once per process."""

from __future__ import annotations

import atexit
import hashlib
import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from remotemedia._errors import RuntimeLoadError

PATH_VARIABLE = "REMOTEMEDIA_RUNTIME_WASM"
"""Environment variable that names another `runtime.wasm`."""

MOST_MODULES = 16
"""How many modules are kept compiled."""


class Compiled(NamedTuple):
    """A compiled module; every runtime has an engine of its own and takes it over into that."""

    wasmtime: Any
    code: bytes
    name: str
    """For messages, such as runtime.wasm."""
    size: int
    """Of the module, in bytes."""


def engine_config(wasmtime: Any) -> Any:
    """Return how engines are set up: what they run can be interrupted."""
    config = wasmtime.Config()
    config.epoch_interruption = True
    return config


def compile_runtime() -> Compiled:
    """Return the module with the built-in nodes; raises RuntimeLoadError if it is missing."""
    path = _runtime_path()
    try:
        return _compile_file(path, path.stat().st_mtime_ns)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise RuntimeLoadError(message) from error


def compile_module(name: str, content: bytes) -> Compiled:
    """Return the compiled module of a bundle; raises RuntimeLoadError."""
    digest = hashlib.sha256(content).digest()
    if digest not in _modules:
        while len(_modules) >= MOST_MODULES:
            del _modules[next(iter(_modules))]
        _modules[digest] = _compile(name, content)
    return _modules[digest]._replace(name=name)


_modules: dict[bytes, Compiled] = {}


@lru_cache(maxsize=2)
def _compile_file(path: Path, _modified: int) -> Compiled:
    return _compile(path.name, path.read_bytes())


def _compile(name: str, content: bytes) -> Compiled:
    try:
        import wasmtime
    except ImportError:
        message = "wasmtime is not installed: pip install 'remotemedia[wasm]'"
        raise RuntimeLoadError(message) from None
    try:
        module = wasmtime.Module(_compiler(wasmtime), content)
    except wasmtime.WasmtimeError as error:
        message = f"{name} is not a module: {error}"
        raise RuntimeLoadError(message) from error
    return Compiled(wasmtime, bytes(module.serialize()), name, len(content))


def _compiler(wasmtime: Any) -> Any:
    """Return an engine that keeps what it compiled on disk, in wasmtime's own cache."""
    config = engine_config(wasmtime)
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


# At the end of the process wasmtime is taken apart before its objects would be.
atexit.register(_compile_file.cache_clear)
atexit.register(_modules.clear)
