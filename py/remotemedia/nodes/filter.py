"""FilterNode."""

from __future__ import annotations

from typing import Any

from remotemedia._errors import NodeError
from remotemedia._node import Node
from remotemedia._param import Param


class FilterNode(Node, category="flow"):
    """Keeps numbers that are at least min_value."""

    inputs = {"in": ("number",)}
    outputs = {"out": ("number",)}

    min_value: float = Param(0.0, doc="The smallest number that is kept.")

    def init(self) -> None:
        """Take the limit as a float."""
        self._least = float(self.min_value)

    def process(self, item: Any) -> Any:
        """Return the item if it is large enough, else nothing."""
        if type(item) is not int and type(item) is not float:
            message = f"needs a number, not {type(item).__name__}"
            raise NodeError(message)
        return item if float(item) >= self._least else None
