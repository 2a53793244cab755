"""MultiplyNode."""

from __future__ import annotations

from typing import Any

from remotemedia._node import Node
from remotemedia._param import Param
from remotemedia.nodes._arithmetic import ARITHMETIC_KINDS, LIMIT, compute


class MultiplyNode(Node, category="math"):
    """Multiplies numbers by a factor."""

    inputs = {"in": ARITHMETIC_KINDS}
    outputs = {"out": ARITHMETIC_KINDS}

    factor: float = Param(2.0, doc="What to multiply by.", aliases=("multiplier",))

    def init(self) -> None:
        """Take the factor as a float."""
        self._factor = float(self.factor)

    def process(self, item: Any) -> Any:
        """Return item · factor, element by element."""
        if type(item) is int or type(item) is float:
            x = item * self._factor
            if -LIMIT < x < LIMIT and (n := int(x)) == x:
                return n
            return x
        return compute("multiply", item, self._factor)
