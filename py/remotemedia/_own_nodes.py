"""Tells the nodes in the sources of a bundle: imports its Python modules, asks its Rust ones."""

from __future__ import annotations

import warnings
from configparser import ConfigParser
from configparser import Error as ConfigError
from typing import TYPE_CHECKING, Any

from remotemedia._built_in_names import BUILT_IN_NAMES
from remotemedia._bundle_modules import MODULES, check_modules, module_name
from remotemedia._errors import PackageError, RuntimeLoadError
from remotemedia._node import Node
from remotemedia._wheels import wheels_in
from remotemedia._zip import Archive, Source, refuse, write_zip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from remotemedia._bundle_import import Importer
    from remotemedia._catalog import Entry

NODES = "nodes/"
GROUP = "remotemedia.nodes"
"""The entry points with which a wheel names its modules that define nodes."""


def places_in(files: Mapping[str, bytes], importer: Importer) -> dict[str, list[Entry]]:
    """Return catalog entries by place; `files` are those of the bundle.

    Raises PackageError (`bad_node`) for a module that cannot be imported or asked, and
    (`bad_catalog`) for a type that is there twice or is built in.
    """
    places: dict[str, list[Entry]] = {}
    if any(name.startswith((NODES, "wheels/")) for name in files):
        found = [_python_entries(told, path, importer) for told, path in _python_modules(files)]
        places["python"] = _checked([entry for entries in found for entry in entries], "python")
    for path in sorted(files):
        name = module_name(path) if path.startswith(MODULES) else None
        if name is not None:
            place = f"rust:{name}"
            places[place] = _checked(_rust_entries(files[path], path), place)
    return places


def _python_modules(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yield the modules that may define nodes, and the file that each comes from.

    Those in `nodes/` whose names do not begin with an underscore, and those that wheels name.
    """
    for path in sorted(files):
        if path.startswith(NODES) and path.endswith(".py"):
            parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
            if not all(part.isidentifier() for part in parts):
                _left_out(f"{path}, which is no name of a Python module")
            elif len(parts) > 1 and not any(part.startswith("_") for part in parts):
                yield ".".join(parts), path
    for path in sorted(wheels_in(files)):
        for told in _entry_points(files[path], path):
            yield told, path


def _entry_points(wheel: bytes, path: str) -> list[str]:
    archive = Archive(Source(wheel))
    names = [name for name in archive if name.endswith(".dist-info/entry_points.txt")]
    parser = ConfigParser(delimiters=("=",), interpolation=None)
    try:
        for name in names:
            parser.read_string(archive[name].decode())
        told = parser[GROUP].values() if GROUP in parser else ()
        return sorted({value.partition(":")[0].strip() for value in told})
    except (ConfigError, UnicodeDecodeError) as error:
        refuse("bad_wheel", f"its entry points cannot be read: {error}", path)


def _python_entries(told: str, path: str, importer: Importer) -> list[Entry]:
    try:
        module = importer.module(told)
        classes = _classes_in(module)
        return [{"type": cls.type_name, "module": told, **cls.entry()} for cls in classes]
    except RuntimeLoadError as error:
        raise PackageError(
            error.message, code="bad_node", path=path, traceback=error.traceback
        ) from error


def _classes_in(module: ModuleType) -> list[type[Node]]:
    """Return the node classes that a module defines and that can be used."""
    public = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Node)
        and value.__module__ == module.__name__
        and not value.__name__.startswith("_")
    ]
    found = {cls for cls in public if cls.process is not Node.process}
    for cls in public:
        if cls not in found and not any(issubclass(other, cls) for other in found):
            _left_out(f"{cls.__qualname__}, which has no method `process(self, item)`")
    return sorted(found, key=lambda cls: cls.type_name)


def _left_out(what: str) -> None:
    warnings.warn(f"left out is {what}", stacklevel=2)


def _rust_entries(content: bytes, path: str) -> list[Entry]:
    from remotemedia._rust_catalog import rust_catalog

    check_modules(Archive(Source(write_zip({path: content}))))
    try:
        return rust_catalog(content)
    except RuntimeLoadError as error:
        message = f"its nodes cannot be asked for: {error.message}"
        raise PackageError(message, code="bad_node", path=path) from error


def _checked(entries: list[Entry], place: str) -> list[Entry]:
    taken: dict[str, Any] = dict.fromkeys(BUILT_IN_NAMES, "is built in")
    for entry in entries:
        for name in (entry["type"], *entry["aliases"]):
            if name in taken:
                at = f"{place}, {entry['module']}" if "module" in entry else place
                refuse("bad_catalog", f"{at}: {name} {taken[name]}")
            taken[name] = "is there twice"
    return sorted(entries, key=lambda entry: str(entry["type"]))
