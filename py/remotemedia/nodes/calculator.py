"""CalculatorNode."""

from __future__ import annotations

from typing import Any, Literal

from remotemedia._errors import NodeError
from remotemedia._node import Node
from remotemedia._param import Param
from remotemedia.nodes._arithmetic import ARITHMETIC_KINDS, NUMBERS, compute

_PAIR = 2
_KINDS = (*ARITHMETIC_KINDS, "map")


class CalculatorNode(Node, category="math"):
    """Computes item operation operand, or the operation that the item names."""

    inputs = {"in": _KINDS}
    outputs = {"out": _KINDS}

    operation: Literal["add", "subtract", "multiply", "divide", "power", "modulo"] = Param(
        "add", doc="What to compute; modulo has the sign of the divisor."
    )
    operand: float = Param(0.0, doc="The second operand.")

    def process(self, item: Any) -> Any:
        """Return the result; for `{"operation", "args"}` the same with `result`."""
        if not isinstance(item, dict):
            return compute(self.operation, item, float(self.operand))
        operation, args = item.get("operation"), item.get("args")
        if not isinstance(operation, str) or not isinstance(args, list):
            raise NodeError("a map is computed if it is {operation, args: [a, b]}")
        if len(args) != _PAIR:
            raise NodeError("args must be two numbers", path="$.args")
        for i, number in enumerate(args):
            if not _is_number(number):
                raise NodeError("args must be numbers", path=f"$.args[{i}]")
        if operation not in NUMBERS:
            message = f"unknown operation {operation!r}; possible: {', '.join(NUMBERS)}"
            raise NodeError(message)
        a, b = args
        result = compute(operation, a, float(b))
        return {"operation": operation, "args": args, "result": result}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
