"""Asks a Rust module for its nodes, without letting it run any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotemedia._errors import RemoteMediaError, RuntimeLoadError

if TYPE_CHECKING:
    from remotemedia._catalog import Entry


def rust_catalog(content: bytes) -> list[Entry]:
    """Return the catalog entries of a module; raises RuntimeLoadError, also without wasmtime."""
    try:
        import wasmtime

        from remotemedia._hosts.wasmtime import RustRuntime, _config, _Module
    except ImportError:
        message = "wasmtime is not installed: pip install 'remotemedia[wasm]'"
        raise RuntimeLoadError(message) from None
    try:
        compiled = wasmtime.Module(wasmtime.Engine(_config(wasmtime)), content).serialize()
        return RustRuntime(_Module(wasmtime, bytes(compiled))).catalog()
    except RuntimeLoadError:
        raise
    except (RemoteMediaError, wasmtime.WasmtimeError, ValueError) as error:
        raise RuntimeLoadError(str(error)) from error
