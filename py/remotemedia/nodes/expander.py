"""ExpanderNode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remotemedia._errors import NodeError
from remotemedia._node import Node, Out
from remotemedia._param import Param

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 10_000_000
"""Items that may come of one: memory ends somewhere."""


class ExpanderNode(Node, category="flow"):
    """Repeats every item."""

    expansion_factor: int = Param(3, doc="How many times each item is given.", minimum=0)

    def process(self, item: Any) -> Iterator[Out]:
        """Yield the item `expansion_factor` times; raises NodeError beyond 10,000,000."""
        if self.expansion_factor > MOST:
            message = f"{self.expansion_factor} items from one are more than {MOST}"
            raise NodeError(message)
        for _ in range(self.expansion_factor):
            yield Out("out", item)
