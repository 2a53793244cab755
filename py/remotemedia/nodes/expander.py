"""ExpanderNode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remotemedia._node import Node, Out
from remotemedia._param import Param

if TYPE_CHECKING:
    from collections.abc import Iterator


class ExpanderNode(Node, category="flow"):
    """Repeats every item."""

    expansion_factor: int = Param(3, doc="How many times each item is given.", minimum=0)

    def process(self, item: Any) -> Iterator[Out]:
        """Yield the item `expansion_factor` times."""
        for _ in range(self.expansion_factor):
            yield Out("out", item)
