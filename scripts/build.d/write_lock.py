"""Completes the folder that serves Pyodide: third-party wheels and `pyodide-lock.json`.

    usage: python write_lock.py FOLDER

The folder already holds Pyodide's own files and the wheel of `remotemedia`. Every folder in
`packages/pyodide/` gives one wheel more, described by its `recipe.json`. The lock names these
packages and no others, so that `loadPackage` takes nothing from anywhere else, and checks each
against its SHA-256.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def main(folder: Path) -> None:
    """Copy the wheels into `folder` and write the lock."""
    (wheel,) = folder.glob("remotemedia-*.whl")
    entries = [own_entry(wheel)]
    for recipe in sorted(ROOT.glob("packages/pyodide/*/recipe.json")):
        entry = third_party_entry(recipe)
        shutil.copyfile(recipe.parent / entry["file_name"], folder / entry["file_name"])
        entries.append(entry)

    npm_lock = json.loads((ROOT / "node_modules/pyodide/pyodide-lock.json").read_text())
    lock = {
        "info": npm_lock["info"],
        "packages": {entry["name"]: entry for entry in entries},
        "tool": {},
    }
    (folder / "pyodide-lock.json").write_text(json.dumps(lock, indent=1, sort_keys=True) + "\n")


def own_entry(wheel: Path) -> dict[str, Any]:
    """Describe our own wheel, which needs no other package."""
    name, version, *_ = wheel.name.split("-")
    return lock_entry(name, version, wheel.name, digest_of(wheel), imports=[name], depends=[])


def third_party_entry(recipe: Path) -> dict[str, Any]:
    """Describe the wheel beside a recipe.

    Raises:
        SystemExit: if the wheel is not the one that the recipe describes.
    """
    fields = json.loads(recipe.read_text())
    found = digest_of(recipe.parent / fields["file_name"])
    if found != fields["sha256"]:
        raise SystemExit(f"{recipe}: sha256 is {fields['sha256']}, the wheel's is {found}")
    return lock_entry(**fields)


def lock_entry(
    name: str, version: str, file_name: str, sha256: str, imports: list[str], depends: list[str]
) -> dict[str, Any]:
    """Complete an entry with the fields that are the same for every wheel."""
    return {
        "name": name,
        "version": version,
        "file_name": file_name,
        "sha256": sha256,
        "imports": imports,
        "depends": depends,
        "install_dir": "site",
        "package_type": "package",
        "unvendored_tests": False,
        "tool": {},
    }


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
