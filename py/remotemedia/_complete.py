"""Completes the params of a manifest: aliases become names, what is left out gets its default."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from remotemedia._params import check_params

if TYPE_CHECKING:
    from remotemedia._registry import Registry


def completed(manifest: Any, registry: Registry) -> Any:
    """Return a copy with complete params; unknown and wrong nodes stay as they are."""
    manifest = deepcopy(manifest)
    nodes = manifest.get("nodes") if isinstance(manifest, dict) else None
    for node in nodes if isinstance(nodes, list) else ():
        if isinstance(node, dict) and isinstance(node.get("node_type"), str):
            schema = registry.schema(node["node_type"]) or _in_rust(node["node_type"])
            if schema is not None:
                _complete(node, schema)
    return manifest


def _complete(node: dict[str, Any], schema: dict[str, Any]) -> None:
    given = node.get("params", {})
    if isinstance(given, dict):
        params, issues = check_params(schema, given, "$")
        if not issues:
            node["params"] = deepcopy(params)


def _in_rust(name: str) -> dict[str, Any] | None:
    """Return the schema of a type that only Rust implements, None if it is none."""
    from remotemedia import nodes

    cls = getattr(nodes, name) if name in nodes.__all__ else None
    return cls.schema() if cls is not None else None
