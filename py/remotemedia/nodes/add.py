"""AddNode."""

from __future__ import annotations

from typing import Any

from remotemedia._node import Node
from remotemedia._param import Param
from remotemedia.nodes._arithmetic import ARITHMETIC_KINDS, LIMIT, compute


class AddNode(Node, category="math"):
    """Adds a number to numbers."""

    inputs = {"in": ARITHMETIC_KINDS}
    outputs = {"out": ARITHMETIC_KINDS}

    addend: float = Param(0.0, doc="What to add.")

    def init(self) -> None:
        """Take the addend as a float."""
        self._addend = float(self.addend)

    def process(self, item: Any) -> Any:
        """Return item + addend, element by element."""
        if type(item) is int or type(item) is float:
            x = item + self._addend
            if -LIMIT < x < LIMIT and (n := int(x)) == x:
                return n
            return x
        return compute("add", item, self._addend)
