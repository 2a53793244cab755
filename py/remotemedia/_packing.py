"""Packs a manifest and what lies beside it into a `.rmpkg` bundle, reproducibly."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from remotemedia._documents import parse_document
from remotemedia._zip import refuse, write_zip

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST, METADATA, INTEGRITY = "manifest.json", "metadata.json", "integrity.json"
FOLDERS = ("nodes", "wheels", "modules", "models", "assets")
"""Folders beside the manifest that go into a bundle."""


def manifest_in(folder: Path) -> Path:
    """Return the `manifest.json` or `manifest.yaml` of a folder."""
    for name in (MANIFEST, "manifest.yaml"):
        if (folder / name).is_file():
            return folder / name
    return refuse("missing_manifest", f"there is no {MANIFEST} and no manifest.yaml in {folder}")


def read_manifest(path: Path) -> tuple[dict[str, Any], bytes]:
    """Return a manifest, JSON or YAML, and its text as JSON."""
    if path.suffix not in (".yaml", ".yml"):
        text = path.read_bytes()
        return parse_document(text, path.name), text
    from remotemedia._sources import parse_yaml

    manifest = parse_yaml(path.read_text(encoding="utf-8"))
    if not isinstance(manifest, dict):
        refuse("bad_json", "not a map", path.name)
    return manifest, _json(manifest)


def pack(manifest_path: Path) -> bytes:
    """Return the bundle of a manifest, JSON or YAML.

    What stands in `FOLDERS` beside it goes along, but no dotfiles and no compiled Python. The same
    sources give the same bytes. The manifest must be valid.
    """
    folder = manifest_path.resolve().parent
    manifest, text = read_manifest(manifest_path)
    files = {MANIFEST: text, METADATA: _json(_metadata(manifest))}
    for name in FOLDERS:
        for path in sorted((folder / name).rglob("*")):
            inner = path.relative_to(folder)
            if path.is_file() and not any(_is_by_product(part) for part in inner.parts):
                files[inner.as_posix()] = path.read_bytes()
    hashes = {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}
    files[INTEGRITY] = _json({"algorithm": "sha256", "entries": hashes})
    return write_zip(files)


def _metadata(manifest: dict[str, Any]) -> dict[str, Any]:
    told = manifest.get("metadata", {})
    nodes = manifest.get("nodes", [])
    return {
        "package_name": told.get("name", "pipeline"),
        "package_version": told.get("version", "1.0.0"),
        **{key: told[key] for key in ("description", "author", "license") if key in told},
        "runtime_info": {
            "node_types": sorted({node["node_type"] for node in nodes}),
            "node_count": len(nodes),
            "connection_count": len(manifest.get("connections", [])),
        },
    }


def _is_by_product(name: str) -> bool:
    return name.startswith(".") or name in ("__pycache__", "tests") or name.endswith(".pyc")


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
