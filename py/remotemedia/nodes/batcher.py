"""BatcherNode."""

from __future__ import annotations

from typing import Any

from remotemedia._node import Node
from remotemedia._param import Param
from remotemedia._values import represent


class BatcherNode(Node, category="flow", stateful=True):
    """Gathers items into lists of equal length."""

    outputs = {"out": ("list",)}

    batch_size: int = Param(3, doc="How many items make a list.", minimum=1)
    partial: bool = Param(default=True, doc="Whether the rest is given at the end of the stream.")

    def init(self) -> None:
        """Begin with an empty list."""
        self._items: list[Any] = []

    def process(self, item: Any) -> list[Any] | None:
        """Return the list that this item completes."""
        represent(item, 2)  # refuses now what would nest too deep in the output
        self._items.append(item)
        return self._take() if len(self._items) >= self.batch_size else None

    def flush(self) -> list[Any] | None:
        """Return the rest, if there is one and it is wanted."""
        return self._take() if self._items and self.partial else None

    def _take(self) -> list[Any]:
        items, self._items = self._items, []
        return items
