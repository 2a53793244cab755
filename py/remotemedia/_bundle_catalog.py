"""Reads `catalog.json`, which tells the nodes of a bundle without running its code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from remotemedia._built_in_names import BUILT_IN_NAMES
from remotemedia._bundle_modules import MODULES, module_name
from remotemedia._catalog import is_texts
from remotemedia._documents import read_document
from remotemedia._wheels import WHEELS
from remotemedia._zip import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from remotemedia._catalog import Entry
    from remotemedia._zip import Archive

CATALOG, NODES = "catalog.json", "nodes/"
PYTHON = "python"

_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")


def bad(message: str) -> NoReturn:
    """Refuse the catalog."""
    refuse("bad_catalog", message, CATALOG)


def read_catalog(files: Archive, in_wheels: AbstractSet[str]) -> dict[str, Any] | None:
    """Return the catalog, None if there is none; `in_wheels` are the files in the wheels."""
    if CATALOG not in files:
        if any(name.startswith((NODES, WHEELS, MODULES)) for name in files):
            refuse("missing_catalog", f"there are custom nodes, but no {CATALOG}", CATALOG)
        return None
    catalog = read_document(files, CATALOG, "bad_catalog")
    version, places = catalog.get("version"), catalog.get("places")
    if isinstance(version, bool) or version != 1 or not isinstance(places, dict):
        bad('not {"version": 1, "places": {…}}')
    for path in files:
        if path.startswith(MODULES):
            name = module_name(path)
            if name is None or f"rust:{name}" not in places:
                bad(f"{path} is not the module of a place")
    for place, entries in places.items():
        _check_place(place, entries, files)
        if place == PYTHON:
            _check_python(entries, files, in_wheels)
    return catalog


def _check_place(place: str, entries: Any, files: Archive) -> None:
    module = f"{MODULES}{place.removeprefix('rust:')}.wasm"
    is_module = place.startswith("rust:") and module_name(module) is not None and module in files
    if place != PYTHON and not is_module:
        bad(f"there is no place {place!r}")
    if not isinstance(entries, list):
        bad(f"{place} is not a list")
    taken = {*BUILT_IN_NAMES}
    for entry in entries:
        if not isinstance(entry, dict) or not _is_entry(entry, place):
            bad(f"{place}: an entry that is none")
        for name in (entry["type"], *entry.get("aliases", ())):
            if name in taken:
                bad(f"{place}: {name!r} is taken")
            taken.add(name)


def _is_entry(entry: Entry, place: str) -> bool:
    return (
        isinstance(entry.get("type"), str)
        and entry["type"] != ""
        and entry.get("runtime") == place.partition(":")[0]
        and isinstance(entry.get("params"), dict)
        and all(is_texts(entry.get(key, [])) for key in ("aliases", "requires"))
        and all(_is_ports(entry.get(key, {})) for key in ("inputs", "outputs"))
    )


def _is_ports(ports: Any) -> bool:
    return isinstance(ports, dict) and all(
        isinstance(port, dict) and is_texts(port.get("kinds")) for port in ports.values()
    )


def _check_python(entries: list[Entry], files: Archive, in_wheels: AbstractSet[str]) -> None:
    for entry in entries:
        module = entry.get("module")
        if not isinstance(module, str) or not _MODULE.fullmatch(module):
            bad(f"{entry['type']} does not say which module defines it")
        elif module.startswith("nodes."):
            if not any(path in files for path in module_files(module)):
                bad(f"there is no module {module} in nodes/")
        elif in_wheels.isdisjoint(module_files(module)):
            bad(f"there is no module {module} in the wheels")


def module_files(module: str) -> Iterator[str]:
    """Yield the names of the files that a module may be."""
    path = module.replace(".", "/")
    yield f"{path}.py"
    yield f"{path}/__init__.py"
