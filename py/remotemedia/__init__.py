"""Pipelines of Python and Rust nodes that run the same in a browser, in Node.js and natively.

Nothing heavy is imported before it is used: neither numpy nor asyncio nor the nodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remotemedia._errors import (
        CancelledError,
        CapabilityError,
        CircuitOpenError,
        ClosedError,
        FallbackWarning,
        Issue,
        ManifestError,
        ManifestWarning,
        NodeError,
        NodeTimeoutError,
        PackageError,
        PacketError,
        RemoteMediaError,
        RuntimeLoadError,
    )
    from remotemedia._node import Node, Out, node
    from remotemedia._package import Package
    from remotemedia._param import Param
    from remotemedia._pipeline import Pipeline
    from remotemedia._planning import is_rust_runtime_available
    from remotemedia._values import Audio

__version__ = "0.1.0"

__all__ = [
    "Audio",
    "CancelledError",
    "CapabilityError",
    "CircuitOpenError",
    "ClosedError",
    "FallbackWarning",
    "Issue",
    "ManifestError",
    "ManifestWarning",
    "Node",
    "NodeError",
    "NodeTimeoutError",
    "Out",
    "Package",
    "PackageError",
    "PacketError",
    "Param",
    "Pipeline",
    "RemoteMediaError",
    "RuntimeLoadError",
    "is_rust_runtime_available",
    "node",
]

_HOMES = {
    "Audio": "_values",
    "Node": "_node",
    "Out": "_node",
    "Package": "_package",
    "Param": "_param",
    "Pipeline": "_pipeline",
    "is_rust_runtime_available": "_planning",
    "node": "_node",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    home = import_module(f"{__name__}.{_HOMES.get(name, '_errors')}")
    value = globals()[name] = getattr(home, name)
    return value
