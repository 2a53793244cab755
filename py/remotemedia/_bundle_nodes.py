"""The Python nodes that a bundle brings, from its files in a folder (docs/internals/bundles.md).

The same natively and in Pyodide. A module is imported when one of its nodes is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remotemedia._bundle_import import Importer
from remotemedia._errors import RemoteMediaError, RuntimeLoadError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from remotemedia._catalog import Entry
    from remotemedia._node import Node

_DEFAULTS: Entry = {"aliases": [], "requires": []}


class BundleNodes:
    """Finds node classes of one bundle.

    `root` is the folder with its `nodes/`, `models/`, `assets/` and, if it brought wheels, `site/`,
    which may be elsewhere; `catalog` are the entries of its Python nodes.
    """

    def __init__(
        self, root: str, bundle_id: str, catalog: Iterable[Entry], site: str | None = None
    ) -> None:
        self.root = root
        self._importer = Importer(root, bundle_id, site)
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
        try:
            return self._importer.module(entry["module"])
        except RuntimeLoadError as error:
            error.node_type = entry["type"]
            raise


def _class_in(module: ModuleType, type_name: str) -> type[Node]:
    from remotemedia._node import Node

    for value in vars(module).values():
        if not isinstance(value, type) or not issubclass(value, Node):
            continue
        if getattr(value, "type_name", None) == type_name:  # the base itself has none
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
