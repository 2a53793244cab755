"""Bundles (`.rmpkg`): reading them as untrusted input, and packing them reproducibly."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remotemedia._json_text import parse_json
from remotemedia._manifest import RELEASE, is_at_most
from remotemedia._schema import TARGETS
from remotemedia._zip import Limits, read_zip, refuse, write_zip

if TYPE_CHECKING:
    from os import PathLike

MANIFEST, METADATA, INTEGRITY, SIGNATURE = (
    "manifest.json",
    "metadata.json",
    "integrity.json",
    "signature.json",
)
FOLDERS = ("nodes", "wheels", "modules", "models", "assets")
"""Folders beside the manifest that go into a bundle."""

_WASM = b"\0asm\x01\0\0\0"


class Package:
    """A bundle whose content was checked. `warnings` tells what is odd but no reason to refuse."""

    def __init__(self, files: dict[str, bytes]) -> None:
        if MANIFEST not in files:
            refuse("missing_manifest", "there is no manifest.json")
        self.files = files
        self.warnings: list[str] = []
        _check_integrity(files)
        for name, content in files.items():
            if name.endswith(".wasm") and not content.startswith(_WASM):
                refuse("invalid_wasm", "not a WebAssembly module", name)
        self.manifest = _object(MANIFEST, files[MANIFEST])
        _check_runtime(self.manifest)
        self.metadata = self._read_metadata()
        if "runtime.wasm" in files:
            self.warnings.append("the bundle's own runtime.wasm is not used")

    @classmethod
    def load(cls, source: str | PathLike[str] | bytes, limits: Limits = Limits()) -> Package:  # noqa: B008
        """Read a bundle from a path or its bytes; raises PackageError with the refusal as code."""
        if not isinstance(source, bytes):
            with Path(source).open("rb") as file:
                source = file.read(limits.file_bytes + 1)
        return cls(read_zip(source, limits))

    def _read_metadata(self) -> dict[str, Any] | None:
        if METADATA not in self.files:
            return None
        try:
            metadata = parse_json(self.files[METADATA].decode())
        except ValueError:
            metadata = None
        if isinstance(metadata, dict):
            return metadata
        self.warnings.append("metadata.json is not a JSON object and is ignored")
        return None


def _object(name: str, content: bytes) -> dict[str, Any]:
    try:
        value = parse_json(content.decode())
    except ValueError as error:
        refuse("bad_json", f"not JSON: {error}", name)
    if not isinstance(value, dict):
        refuse("bad_json", "not a JSON object", name)
    return value


def _check_integrity(files: dict[str, bytes]) -> None:
    if INTEGRITY not in files:
        return
    integrity = _object(INTEGRITY, files[INTEGRITY])
    listed = integrity.get("entries")
    if integrity.get("algorithm") != "sha256" or not isinstance(listed, dict):
        refuse("bad_json", 'not {"algorithm": "sha256", "entries": {…}}', INTEGRITY)
    for name, content in files.items():
        if name in (INTEGRITY, SIGNATURE):
            continue
        if name not in listed:
            refuse("unlisted_entry", "integrity.json does not name it", name)
        if hashlib.sha256(content).hexdigest() != listed[name]:
            refuse("hash_mismatch", "its SHA-256 is another", name)
    for name in listed:
        if name not in files:
            refuse("missing_entry", "integrity.json names it, but it is not there", name)


def _check_runtime(manifest: dict[str, Any]) -> None:
    runtime = manifest.get("runtime")
    if not isinstance(runtime, dict):
        return
    target, oldest = runtime.get("target"), runtime.get("min_version")
    if isinstance(target, str) and target not in TARGETS:
        refuse("wrong_target", f"the target is {target!r}", MANIFEST)
    if isinstance(oldest, str) and not is_at_most(oldest, RELEASE):
        refuse("newer_version", f"it needs version {oldest}, this is {RELEASE}", MANIFEST)


def manifest_in(folder: Path) -> Path:
    """Return the `manifest.json` or `manifest.yaml` of a folder."""
    for name in (MANIFEST, "manifest.yaml"):
        if (folder / name).is_file():
            return folder / name
    return refuse("missing_manifest", f"there is no {MANIFEST} and no manifest.yaml in {folder}")


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


def read_manifest(path: Path) -> tuple[dict[str, Any], bytes]:
    """Return a manifest, JSON or YAML, and its text as JSON."""
    if path.suffix not in (".yaml", ".yml"):
        text = path.read_bytes()
        return _object(path.name, text), text
    from remotemedia._sources import parse_yaml

    manifest = parse_yaml(path.read_text(encoding="utf-8"))
    if not isinstance(manifest, dict):
        refuse("bad_json", "not a map", path.name)
    return manifest, _json(manifest)


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
    return name.startswith(".") or name == "__pycache__" or name.endswith(".pyc")


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
