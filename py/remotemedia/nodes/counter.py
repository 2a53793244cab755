"""CounterNode."""

from __future__ import annotations

from typing import Any

from remotemedia._node import Node
from remotemedia._param import Param


class CounterNode(Node, category="flow", stateful=True):
    """Gives each item with a count that goes on over the whole run."""

    outputs = {"out": ("map",)}

    initial_count: int = Param(0, doc="The first item gets the next number.")

    def init(self) -> None:
        """Start counting."""
        self._count = self.initial_count

    def process(self, item: Any) -> dict[str, Any]:
        """Return `{"count", "input"}`."""
        self._count += 1
        return {"count": self._count, "input": item}
