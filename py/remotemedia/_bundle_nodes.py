"""The Python nodes that a bundle brings, from its files in a folder (docs/internals/bundles.md).

The same natively and in Pyodide. A module is imported when one of its nodes is first asked for.
"""

from __future__ import annotations

import os.path
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from remotemedia._errors import RemoteMediaError, RuntimeLoadError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remotemedia._catalog import Entry
    from remotemedia._node import Node

SOURCES = "nodes"
SITE = "site"

_DEFAULTS: Entry = {"aliases": [], "requires": []}


class BundleNodes:
    """Finds node classes of one bundle.

    `root` is the folder with its `nodes/`, `models/`, `assets/` and, if it brought wheels, `site/`;
    `catalog` are the entries of its Python nodes.
    """

    def __init__(self, root: str, bundle_id: str, catalog: Iterable[Entry]) -> None:
        self.root = root
        self._package = f"_remotemedia_bundle_{bundle_id[:16]}"
        self._entries: dict[str, Entry] = {}
        for entry in catalog:
            for name in (entry["type"], *entry.get("aliases", ())):
                self._entries[name] = entry
        self._classes: dict[str, type[Node]] = {}

    def find(self, name: str) -> type[Node] | None:
        """Return the class of a type or alias, None if the bundle has none.

        Raises RuntimeLoadError if its module cannot be imported, or (`catalog_mismatch`) if the
        class is not what the catalog says.
        """
        entry = self._entries.get(name)
        if entry is None:
            return None
        type_name = entry["type"]
        if type_name not in self._classes:
            cls = _class_in(self._module(entry), type_name)
            _compare(entry, cls)
            cls._bundle_root = self.root
            self._classes[type_name] = cls
        return self._classes[type_name]

    def _module(self, entry: Entry) -> ModuleType:
        self._prepare()
        told: str = entry["module"]
        is_source = told == SOURCES or told.startswith(f"{SOURCES}.")
        name = f"{self._package}.{told}" if is_source else told
        try:
            __import__(name)  # as a statement would: without the importer's frames in tracebacks
        except Exception as error:
            from remotemedia._tracebacks import user_traceback

            what = f"{type(error).__name__}: {error}"
            message = f"the module {told} of {entry['type']} cannot be imported: {what}"
            raise RuntimeLoadError(
                message,
                node_type=entry["type"],
                runtime="python",
                traceback=user_traceback(error),
            ) from error
        return sys.modules[name]

    def _prepare(self) -> None:
        """Make the bundle's package, and its wheels' modules, known to the importer."""
        if self._package not in sys.modules:
            package = ModuleType(self._package, "A bundle's own modules.")
            package.__path__ = [self.root]
            sys.modules[self._package] = package
        site = os.path.join(self.root, SITE)  # noqa: PTH118 - pathlib would be imported for it
        if site not in sys.path and os.path.isdir(site):  # noqa: PTH112
            sys.path.append(site)


def _class_in(module: ModuleType, type_name: str) -> type[Node]:
    from remotemedia._node import Node

    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Node) and value.type_name == type_name:
            return value
    raise _mismatch(type_name, f"{module.__name__.partition('.')[2]} defines no such node")


def _compare(entry: Entry, cls: type[Node]) -> None:
    """Compare what the catalog tells with what is there."""
    import json

    try:
        there = json.loads(json.dumps(cls.entry()))
    except RemoteMediaError:
        raise
    except Exception as error:
        raise _mismatch(entry["type"], f"the class cannot be described: {error}") from error
    for key, told in {**_DEFAULTS, **entry}.items():
        if key != "module" and there.get(key) != told:
            raise _mismatch(
                entry["type"], f"{key} is {told!r} in the catalog, {there.get(key)!r} in the class"
            )


def _mismatch(type_name: str, message: str) -> RuntimeLoadError:
    what: dict[str, Any] = {"node_type": type_name, "runtime": "python"}
    return RuntimeLoadError(
        f"{type_name} is not what the bundle's catalog says: {message}",
        code="catalog_mismatch",
        **what,
    )
