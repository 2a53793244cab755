"""EchoNode."""

from __future__ import annotations

from typing import Any

from remotemedia._node import Node


class EchoNode(Node, aliases=("Echo",), category="flow", stateful=True):
    """Gives each item with its number, counted from 1."""

    outputs = {"out": ("map",)}

    def init(self) -> None:
        """Start counting."""
        self._count = 0

    def process(self, item: Any) -> dict[str, Any]:
        """Return `{"input", "counter", "node"}`."""
        self._count += 1
        return {"input": item, "counter": self._count, "node": "Echo"}
