"""The sources of a bundle: a folder with a manifest, which is packed or run as it lies there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from remotemedia._bundle import Content
from remotemedia._bundle_cache import lay_out
from remotemedia._bundle_import import SITE, Importer
from remotemedia._capabilities import read_capabilities
from remotemedia._own_nodes import places_in
from remotemedia._packing import manifest_in, read_manifest
from remotemedia._wheels import wheels_in
from remotemedia._zip import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDERS = ("nodes", "wheels", "modules", "models", "assets")
"""Folders beside the manifest that go into a bundle."""


class Sources(Mapping[str, bytes]):
    """The files of a folder that go into its bundle, by name, read when they are asked for.

    No dotfiles, no compiled Python, no folders of tests; links that leave the folder are refused.
    """

    def __init__(self, folder: Path) -> None:
        self._paths = {}
        for name in FOLDERS:
            for path in sorted((folder / name).rglob("*")):
                inner = path.relative_to(folder)
                if not path.is_file() or any(_is_by_product(part) for part in inner.parts):
                    continue
                if not path.resolve().is_relative_to(folder.resolve()):
                    refuse("symlink", "the link leaves the folder", inner.as_posix())
                self._paths[inner.as_posix()] = path

    def __getitem__(self, name: str) -> bytes:
        """Read a file."""
        return self._paths[name].read_bytes()

    def __iter__(self) -> Iterator[str]:
        """Names with forward slashes, sorted."""
        return iter(sorted(self._paths))

    def __len__(self) -> int:
        """Count files."""
        return len(self._paths)

    def id(self) -> str:
        """Return what changes with every change of a file."""
        digest = hashlib.sha256()
        for name in self:
            with self._paths[name].open("rb") as file:
                content = hashlib.file_digest(file, "sha256")
            digest.update(f"{name}\0{content.hexdigest()}\n".encode())
        return digest.hexdigest()


def read_folder(folder: Path) -> tuple[dict[str, Any], Content]:
    """Return the manifest of a folder, and what it holds; its Python modules are imported."""
    folder = folder.resolve()
    manifest, _ = read_manifest(manifest_in(folder))
    sources = Sources(folder)
    content_id = sources.id()
    site = None
    if wheels_in(sources):
        wheels = {name: sources[name] for name in wheels_in(sources)}
        site = str(lay_out(f"{content_id}-wheels", wheels) / SITE)
    places = places_in(sources, Importer(str(folder), content_id, site))
    return manifest, Content(
        id=content_id,
        places=places,
        capabilities=read_capabilities(manifest),
        has_python=bool(places.get("python")),
        trusted=True,  # it is the user's own
        modules=lambda: {
            place.removeprefix("rust:"): sources[f"modules/{place.removeprefix('rust:')}.wasm"]
            for place in places
            if place.startswith("rust:")
        },
        lay_out=lambda: folder,
        site=site,
    )


def _is_by_product(name: str) -> bool:
    return name.startswith(".") or name in ("__pycache__", "tests") or name.endswith(".pyc")
