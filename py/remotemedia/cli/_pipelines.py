"""What commands take as a pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from remotemedia._errors import PackageError, RuntimeLoadError
from remotemedia._opening import SUFFIX
from remotemedia._pipeline import Pipeline
from remotemedia._planning import load_rust
from remotemedia._registry import Registry

_OF_FOLDERS = ("manifest.json", "manifest.yaml")
_CODE = ("nodes/*.py", "nodes/*/*.py", "wheels/*.whl", "modules/*.wasm")


def read_pipeline(
    source: str, runtime: str, package: dict[str, Any] | None = None, **more: Any
) -> Pipeline:
    """Make the pipeline of a bundle, a manifest or a folder; `package` are options of bundles."""
    path = Path(source)
    package = package or {}
    more["runtime_hint"] = runtime
    if path.suffix.lower() == SUFFIX:
        return Pipeline.from_package(path, **package, **more)
    if package.get("require_signature"):
        message = f"only a bundle can be signed, {source} is none"
        raise PackageError(message, code="signature_required")
    if path.is_dir() or _has_code_beside(path):
        folder = path if path.is_dir() else path.parent
        return Pipeline.from_package(folder, **package, **more)
    if path.suffix in (".yaml", ".yml"):
        return Pipeline.from_yaml(path, **more)
    return Pipeline.from_json(path, **more)


def _has_code_beside(path: Path) -> bool:
    return path.name in _OF_FOLDERS and any(any(path.parent.glob(each)) for each in _CODE)


def takes_audio(pipeline: Pipeline, source: str | None = None) -> bool:
    """Tell whether the source, or every source, takes audio and not bytes."""
    plan = pipeline.plan()
    types = {node["id"]: node["node_type"] for part in plan["segments"] for node in part["nodes"]}
    asked = [source] if source is not None else [entry["node"] for entry in plan["inputs"]]
    registry = pipeline._kept.registry  # noqa: SLF001 - it is the same package
    entries = {entry["type"]: entry for entry in catalog(registry)}
    kinds = [_kinds(entries.get(types.get(name, ""))) for name in asked]
    return bool(kinds) and all("audio" in taken and "bytes" not in taken for taken in kinds)


def _kinds(entry: dict[str, Any] | None) -> set[str]:
    """Return what the port `in` takes."""
    return set(entry["inputs"].get("in", {"kinds": ()})["kinds"]) if entry else set()


def catalog(registry: Registry | None = None) -> list[dict[str, Any]]:
    """Return the entries of all nodes: of a registry, and of the Rust runtime where it loads."""
    try:
        rust = load_rust().catalog()
    except RuntimeLoadError:
        rust = []
    places = (registry or Registry()).catalogs().values()
    return [*(entry for place in places for entry in place), *rust]
