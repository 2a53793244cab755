"""Asks a Rust module for its nodes, without letting it run any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotemedia._errors import RuntimeLoadError

if TYPE_CHECKING:
    from remotemedia._catalog import Entry


def rust_catalog(content: bytes) -> list[Entry]:
    """Return the catalog entries of a module; raises RuntimeLoadError, also without wasmtime."""
    try:
        from remotemedia._hosts.wasmtime import read_catalog
    except ImportError:
        message = "wasmtime is not installed: pip install 'remotemedia[wasm]'"
        raise RuntimeLoadError(message) from None
    return read_catalog(content)
