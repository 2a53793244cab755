"""Packs a manifest and what lies beside it into a `.rmpkg` bundle, reproducibly."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remotemedia._documents import parse_document
from remotemedia._zip import refuse, write_zip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotemedia._catalog import Entry

MANIFEST, METADATA, INTEGRITY = "manifest.json", "metadata.json", "integrity.json"
CATALOG, REQUIREMENTS = "catalog.json", "requirements.txt"


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


def pack(manifest_path: Path, metadata: Mapping[str, Any] | None = None) -> bytes:
    """Return the bundle of a manifest, JSON or YAML. The same sources give the same bytes.

    The folders `nodes`, `wheels`, `modules`, `models` and `assets` beside it go along, but no
    dotfiles, no compiled Python and no folders called `tests`; and what `requirements.txt` beside
    it pins, as wheels. The bundle's own nodes are asked what they are: Python modules are imported,
    Rust modules are loaded. The manifest must be valid. `metadata` are fields of `metadata.json`
    that take the place of those made of the manifest.

    Raises PackageError for what loading would refuse; (`bad_node`) for a module that cannot be
    imported, (`bad_catalog`) for a node whose type is taken, (`bad_requirement`).
    """
    from remotemedia._package import Package
    from remotemedia._resolving import resolve
    from remotemedia._unpacked import Sources

    folder = manifest_path.resolve().parent
    manifest, text = read_manifest(manifest_path)
    told = _json({**_metadata(manifest), **(metadata or {})})
    files = {MANIFEST: text, METADATA: told, **Sources(folder)}
    supplied = resolve(folder / REQUIREMENTS, files)
    places = _places(folder, files)
    supplied.check(places)
    if places:
        files[CATALOG] = _json({"version": 1, "places": places})
    hashes = {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}
    files[INTEGRITY] = _json({"algorithm": "sha256", "entries": hashes})
    bundle = write_zip(files)
    Package.load(bundle)
    return bundle


def _places(folder: Path, files: Mapping[str, bytes]) -> dict[str, list[Entry]]:
    """Return the catalog entries of the bundle's own nodes; what was imported is forgotten."""
    from remotemedia._bundle_import import SITE, Importer
    from remotemedia._own_nodes import places_in
    from remotemedia._wheels import write_wheels

    code = hashlib.sha256(b"packing " + str(folder).encode()).hexdigest()
    with tempfile.TemporaryDirectory(prefix="remotemedia-") as made:
        write_wheels(files, Path(made))
        importer = Importer(str(folder), code, str(Path(made).resolve() / SITE))
        try:
            return places_in(files, importer)
        finally:
            importer.forget()


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


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
