"""What nodes there are: entries of all runtimes, found by type or alias.

An entry is a JSON object: type, aliases, summary, category, params (JSON Schema), inputs, outputs,
runtime, stateful, requires (docs/internals/plan.md).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from remotemedia._errors import RemoteMediaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Entry = dict[str, Any]

RUNTIMES = ("rust", "python", "js")
"""In the order of preference."""

_DEFAULTS: Entry = {
    "aliases": [],
    "params": {},
    "inputs": {"in": None},
    "outputs": {"out": None},
    "requires": [],
}
_LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_KEYWORDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(_LIMITS, (int, float)),
    "type": (str,),
    "pattern": (str,),
    "enum": (list,),
    "minItems": (int,),
}
_TYPES = ("number", "integer", "string", "boolean", "array", "object", "null")
_PATTERN = re.compile(r"\^\[[\w .:/-]+\]\+\$", re.ASCII)
_MOST_DEPTH = 8

_PLACE = re.compile(r"rust:[a-z0-9][a-z0-9_-]*|python|js:worker|js:page")


class Catalog:
    """The entries that are available, by place.

    Places are rust:runtime, rust:<module of a bundle>, python, js:worker, js:page. Catalogs of
    bundles are untrusted: RemoteMediaError (`bad_request`) says what is wrong with them.
    """

    def __init__(self, places: Mapping[str, Sequence[Entry]]) -> None:
        self._places: list[tuple[str, dict[str, Entry]]] = []
        for place, entries in sorted(places.items(), key=lambda item: _preference(item[0])):
            called: dict[str, Entry] = {}
            for entry in _entries(place, entries):
                for name in (entry["type"], *entry["aliases"]):
                    called.setdefault(name, entry)
            self._places.append((_runtime(place), called))

    def find(self, name: str, runtime: str = "auto") -> Entry | None:
        """Return the entry of a type or alias in the runtime, else in the preferred that has it."""
        found = [(at, called[name]) for at, called in self._places if name in called]
        return next((entry for at, entry in found if at == runtime), found[0][1] if found else None)

    def runtimes(self, name: str) -> list[str]:
        """Return the runtimes that have a type or alias, preferred first."""
        return list(dict.fromkeys(at for at, called in self._places if name in called))

    def near(self, name: str) -> list[str]:
        """Return types and aliases that someone who wrote `name` may have meant."""
        import difflib

        lower = {known.lower(): known for _, called in self._places for known in called}
        return [lower[match] for match in difflib.get_close_matches(name.lower(), lower)]


def _runtime(place: str) -> str:
    return place.partition(":")[0]


def _preference(place: str) -> tuple[int, bool, str]:
    if not _PLACE.fullmatch(place):
        raise _bad(f"unknown place {place!r}")
    return RUNTIMES.index(_runtime(place)), place != "rust:runtime", place


def _entries(place: str, entries: Any) -> list[Entry]:
    """Check entries; what an entry does not say is filled in."""
    if not isinstance(entries, list | tuple):
        raise _bad(f"catalog of {place}: not a list")
    complete = [_complete(entry) for entry in entries]
    if None in complete:
        raise _bad(f"catalog of {place}: [{complete.index(None)}] is no catalog entry")
    return [entry for entry in complete if entry is not None]


def _complete(entry: Any) -> Entry | None:
    if not isinstance(entry, dict):
        return None
    entry = _DEFAULTS | entry
    name, params = entry.get("type"), entry["params"]
    right = (
        isinstance(name, str)
        and not name.startswith("__")
        and all(is_texts(entry[key]) for key in ("aliases", "requires"))
        and all(isinstance(entry[key], dict) for key in ("inputs", "outputs", "params"))
        and _is_schema(params)
        and isinstance(params.get("additionalProperties", False), bool)
        and is_texts(params.get("required", []))
    )
    return entry | {"params": {"properties": {}} | params} if right else None


def _is_schema(schema: Any, depth: int = 0) -> bool:
    """Tell whether validation can use a schema: what its keywords are given is of their type."""
    if not isinstance(schema, dict) or depth == _MOST_DEPTH:
        return False
    properties = schema.get("properties", {})
    inner = [*properties.values()] if isinstance(properties, dict) else [None]
    inner += [schema["items"]] if "items" in schema else []
    return (
        all(type(schema[key]) in kinds for key, kinds in _KEYWORDS.items() if key in schema)
        and schema.get("type", "null") in _TYPES
        and is_texts(schema.get("aliases", []))
        and _PATTERN.fullmatch(schema.get("pattern", "^[a]+$")) is not None
        and all(_is_schema(spec, depth + 1) for spec in inner)
    )


def is_texts(value: Any) -> bool:
    """Tell whether a value is a list of strings."""
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _bad(message: str) -> RemoteMediaError:
    return RemoteMediaError(message, code="bad_request")
