"""What nodes there are: entries of all runtimes, found by type or alias.

An entry is a JSON object: type, aliases, summary, category, params (JSON Schema), inputs, outputs,
runtime, stateful, requires (docs/internals/plan.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Entry = dict[str, Any]

RUNTIMES = ("rust", "python", "js")
"""In the order of preference."""


class Catalog:
    """The entries that are available, by place: rust:runtime, python, js:worker, js:page."""

    def __init__(self, places: Mapping[str, Sequence[Entry]]) -> None:
        self._entries: dict[str, dict[str, Entry]] = {}
        self._types: dict[str, str] = {}
        for place, entries in sorted(places.items(), key=lambda item: _preference(item[0])):
            for entry in entries:
                known = self._entries.setdefault(entry["type"], {})
                known.setdefault(_runtime(place), entry)
        for name, known in self._entries.items():
            for entry in known.values():
                for alias in entry["aliases"]:
                    self._types.setdefault(alias, name)
        self._types.update({name: name for name in self._entries})

    def find(self, name: str) -> Entry | None:
        """Return the entry of a type or alias in the preferred runtime that has it."""
        known = self._entries.get(self._types.get(name, ""))
        return next(iter(known.values())) if known else None

    def runtimes(self, name: str) -> list[str]:
        """Return the runtimes that have a type or alias, preferred first."""
        return list(self._entries.get(self._types.get(name, ""), ()))

    def near(self, name: str) -> list[str]:
        """Return types and aliases that someone who wrote `name` may have meant."""
        import difflib

        lower = {known.lower(): known for known in self._types}
        return [lower[match] for match in difflib.get_close_matches(name.lower(), lower)]


def _runtime(place: str) -> str:
    return place.partition(":")[0]


def _preference(place: str) -> int:
    return RUNTIMES.index(_runtime(place))
