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
        self._places: list[tuple[str, dict[str, Entry]]] = []
        for place, entries in sorted(places.items(), key=lambda item: _preference(item[0])):
            called: dict[str, Entry] = {}
            for entry in entries:
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


def _preference(place: str) -> int:
    return RUNTIMES.index(_runtime(place))
