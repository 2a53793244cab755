"""What a pipeline keeps of the bundle that it was made of: its nodes, and what they may do."""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from remotemedia._bundle_nodes import BundleNodes
from remotemedia._errors import CapabilityError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from remotemedia._capabilities import Capabilities
    from remotemedia._catalog import Entry
    from remotemedia._node import Node

ALL = "all"
"""Grants every origin that a bundle declares."""


class Grant(NamedTuple):
    """What the user allows: Python code, and origins (or "all")."""

    trust: bool = False
    network: Iterable[str] = ()


class Content(NamedTuple):
    """What a bundle, or a folder of its sources, holds."""

    id: str
    places: dict[str, list[Entry]]
    capabilities: Capabilities
    has_python: bool
    trusted: bool
    modules: Callable[[], dict[str, bytes]]
    lay_out: Callable[[], Path]
    site: str | None = None
    """Where its wheels are unpacked, if not in its folder."""


class Bundle:
    """A bundle in a pipeline. Its files are laid out when a node first needs them."""

    def __init__(self, content: Content, grant: Grant) -> None:
        self._content = content
        self._trusted = content.trusted or grant.trust
        network = [grant.network] if isinstance(grant.network, str) else [*grant.network]
        self._granted = {*content.capabilities["network"]} if ALL in network else {*network}
        self.id = content.id
        self.places = content.places
        """Catalog entries by place: `python`, `rust:<module>`."""
        self._lock = Lock()
        self._root: Path | None = None
        self._nodes: BundleNodes | None = None

    @cached_property
    def modules(self) -> dict[str, bytes]:
        """WebAssembly modules with nodes, by name: that of the place `rust:<name>`."""
        return self._content.modules()

    @property
    def root(self) -> Path:
        """The folder with `models/` and `assets/`, for reading only; made when it is needed."""
        with self._lock:
            if self._root is None:
                self._root = self._content.lay_out()
            return self._root

    def check(self) -> None:
        """Raise CapabilityError if the bundle asks for what was not granted."""
        missing = [
            origin
            for origin in self._content.capabilities["network"]
            if origin not in self._granted
        ]
        if missing:
            origins = ", ".join(missing)
            how = f"say grant_network={missing} (--grant-network)"
            message = f"the bundle wants to reach {origins}: {how}"
            raise CapabilityError(message, code="not_granted")
        if self._content.has_python and not self._trusted:
            message = (
                "the bundle has Python nodes of its own, and no key that you trust has signed it. "
                "Natively their code runs with your rights: it can read, change and send whatever "
                "you can. If you trust it, say trust=True (--trust)"
            )
            raise CapabilityError(message, code="untrusted_code")

    def find(self, name: str) -> type[Node] | None:
        """Return the class of a type or alias, importing it; None if the bundle has none.

        Raises CapabilityError as `check` does, RuntimeLoadError if it cannot be imported or is not
        what the catalog says.
        """
        if self.entry(name, "python") is None:
            return None
        self.check()
        root = self.root
        with self._lock:
            if self._nodes is None:
                entries = self.places.get("python", ())
                self._nodes = BundleNodes(str(root), self.id, entries, self._content.site)
            return self._nodes.find(name)

    def entry(self, name: str, runtime: str | None = None) -> dict[str, Any] | None:
        """Return the catalog entry of a type or alias, without running anything."""
        for place, entries in self.places.items():
            if runtime in (None, place.partition(":")[0]):
                for entry in entries:
                    if name == entry["type"] or name in entry.get("aliases", ()):
                        return entry
        return None
