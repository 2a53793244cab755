"""What commands take as a pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from remotemedia._errors import RuntimeLoadError
from remotemedia._package import manifest_in
from remotemedia._pipeline import Pipeline
from remotemedia._planning import load_rust
from remotemedia._registry import Registry


def read_pipeline(
    source: str, runtime: str, package: dict[str, Any] | None = None, **more: Any
) -> Pipeline:
    """Make the pipeline of a bundle, a manifest or a folder; `package` are options of bundles."""
    path = Path(source)
    more["runtime_hint"] = runtime
    if path.is_dir():
        path = manifest_in(path)
    if path.suffix == ".rmpkg":
        return Pipeline.from_package(path, **more)
    if path.suffix in (".yaml", ".yml"):
        return Pipeline.from_yaml(path, **more)
    return Pipeline.from_json(path, **more)


def takes_audio(pipeline: Pipeline, source: str | None = None) -> bool:
    """Tell whether the source, or every source, takes audio and not bytes."""
    plan = pipeline.plan()
    types = {node["id"]: node["node_type"] for part in plan["segments"] for node in part["nodes"]}
    asked = [source] if source is not None else [entry["node"] for entry in plan["inputs"]]
    kinds = [_kinds(types.get(name, "")) for name in asked]
    return bool(kinds) and all("audio" in taken and "bytes" not in taken for taken in kinds)


def _kinds(node_type: str) -> set[str]:
    """Return what the port `in` of a type takes."""
    cls = Registry().find(node_type)
    entries = [cls.entry()] if cls else _rust_entries()
    ports = [entry["inputs"] for entry in entries if entry["type"] == node_type]
    return set(ports[0].get("in", {"kinds": ()})["kinds"]) if ports else set()


def _rust_entries() -> list[dict[str, Any]]:
    try:
        return load_rust().catalog()
    except RuntimeLoadError:
        return []
