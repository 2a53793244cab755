"""PassThroughNode."""

from __future__ import annotations

from typing import Any

from remotemedia._node import Node, Out

_NULL = Out("out", None)


class PassThroughNode(Node, aliases=("PassThrough",), category="flow"):
    """Gives every item unchanged."""

    def process(self, item: Any) -> Any:
        """Return the item."""
        return _NULL if item is None else item
