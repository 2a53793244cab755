"""Completes the params of a manifest: aliases become names, what is left out gets its default."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from remotemedia._params import check_params

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotemedia._registry import Registry

    Find = Callable[[str], dict[str, Any] | None]
    """Gives the JSON Schema of a type's params."""


def completed(manifest: Any, registry: Registry) -> Any:
    """Return a copy with complete params; nodes of unknown types and wrong ones stay as they are.

    The Rust module is loaded only if there is a type that Python does not have.
    """
    manifest = deepcopy(manifest)
    nodes = manifest.get("nodes") if isinstance(manifest, dict) else None
    in_rust: dict[str, Any] | None = None
    for node in nodes if isinstance(nodes, list) else ():
        if not isinstance(node, dict) or not isinstance(node.get("node_type"), str):
            continue
        schema = registry.schema(node["node_type"])
        if schema is not None:
            _complete(node, schema)
        else:
            in_rust = _rust_schemas() if in_rust is None else in_rust
            if node["node_type"] in in_rust:
                _complete(node, in_rust[node["node_type"]])
    return manifest


def _complete(node: dict[str, Any], schema: dict[str, Any]) -> None:
    given = node.get("params", {})
    if isinstance(given, dict):
        params, issues = check_params(schema, given, "$")
        if not issues:
            node["params"] = deepcopy(params)


def _rust_schemas() -> dict[str, Any]:
    """Return the schemas of the Rust types by name and alias; none where Rust cannot be loaded."""
    from remotemedia._errors import RuntimeLoadError
    from remotemedia._planning import load_rust

    try:
        entries = load_rust().catalog()
    except RuntimeLoadError:
        return {}
    return {
        name: entry["params"] for entry in entries for name in (entry["type"], *entry["aliases"])
    }
