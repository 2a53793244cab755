"""Writes what is generated from the catalogs; used by scripts/generate.

usage: generate.py RUST_CATALOG.json [--check]
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from node_pages import pages, problems
from rust_nodes import rust_nodes
from typescript import types

from remotemedia._manifest_schema import manifest_schema
from remotemedia._registry import Registry

if TYPE_CHECKING:
    from remotemedia._catalog import Entry


def merged(*catalogs: list[Entry]) -> list[Entry]:
    """Return one entry per type, with the runtimes that have it; the first catalog's words."""
    found: dict[str, Entry] = {}
    for entry in (entry for catalog in catalogs for entry in catalog):
        known = found.setdefault(entry["type"], {**entry, "runtimes": []})
        known["runtimes"].insert(0, entry["runtime"].capitalize())
    return list(found.values())


def for_planning(entry: Entry) -> dict[str, object]:
    """Return what the planner reads of an entry; pages fetch no words that only people read."""
    params = {
        name: {key: value for key, value in schema.items() if key not in {"description", "unit"}}
        for name, schema in entry["params"]["properties"].items()
    }
    small = {
        "type": entry["type"],
        "aliases": entry["aliases"],
        "params": {"required": entry["params"]["required"], "properties": params},
        "inputs": dict.fromkeys(entry["inputs"]),
        "outputs": dict.fromkeys(entry["outputs"]),
        "requires": entry["requires"],
    }
    # What the planner takes for granted.
    granted = {"aliases": [], "requires": [], "inputs": {"in": None}, "outputs": {"out": None}}
    return {key: value for key, value in small.items() if granted.get(key) != value}


def for_people(entry: Entry) -> dict[str, object]:
    """Return what the demo page tells of a built-in type, and makes forms of."""
    return {
        "type": entry["type"],
        "aliases": entry["aliases"],
        "summary": entry["summary"],
        "runtimes": [runtime.lower() for runtime in entry["runtimes"]],
        "requires": entry["requires"],
        "params": entry["params"]["properties"],
    }


def main() -> None:
    """Write the files, or say which of them are out of date."""
    python = Registry().catalog()
    rust = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    entries = merged(python, rust)
    nodes = pages(entries)
    in_python = {entry["type"] for entry in python}
    files = {
        "web/src/generated/python-catalog.json": _json([for_planning(entry) for entry in python]),
        "web/demo/generated/nodes.json": _json([for_people(entry) for entry in entries]),
        "web/src/generated/built-in-names.json": _json(names(entries)),
        "py/remotemedia/_built_in_names.py": _names_module(names(entries)),
        "py/remotemedia/nodes/_rust.py": _formatted(rust_nodes(rust, in_python)),
        "web/src/generated/manifest.ts": types(entries),
        "schema/manifest.schema.json": _json(manifest_schema(entries)),
        **nodes,
    }
    old = [name for name, text in files.items() if _text(Path(name)) != text]
    wrong = problems(entries, nodes)
    if "--check" in sys.argv:
        wrong += [f"{name} is out of date: run scripts/generate" for name in old]
        sys.exit("\n".join(wrong) or None)
    for name in old:
        print(f"generate: {name}")
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(files[name], encoding="utf-8")
    if wrong:
        print("\n".join(f"generate: {problem}" for problem in wrong))


def names(entries: list[Entry]) -> list[str]:
    """Return the types of all built-in nodes and their aliases, which no bundle may take."""
    return sorted({name for entry in entries for name in (entry["type"], *entry["aliases"])})


def _names_module(names: list[str]) -> str:
    lines = "".join(f'        "{name}",\n' for name in names)
    return (
        '"""Types and aliases of the built-in nodes. Written by scripts/generate."""\n\n'
        f"BUILT_IN_NAMES = frozenset(\n    [\n{lines}    ]\n)\n"
        '"""In any runtime, here or not; no bundle may take them."""\n'
    )


def _formatted(program: str) -> str:
    command = ["ruff", "format", "--stdin-filename", "py/remotemedia/nodes/_rust.py", "-"]
    return subprocess.run(command, input=program, capture_output=True, text=True, check=True).stdout


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    main()
