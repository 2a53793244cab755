"""DataTransformNode."""

from __future__ import annotations

from typing import Any, Literal

from remotemedia._node import Node, Out
from remotemedia._param import Param
from remotemedia.nodes._arithmetic import compute


class DataTransformNode(Node, aliases=("DataTransform",), category="math"):
    """Passes items through, doubles them or adds one."""

    operation: Literal["passthrough", "double", "increment"] = Param(
        "passthrough", doc="double and increment take numbers, lists and tensors."
    )

    def process(self, item: Any) -> Any:
        """Return the transformed item."""
        if self.operation == "passthrough":
            return Out("out", item)
        if self.operation == "double":
            return compute("multiply", item, 2.0)
        return compute("add", item, 1.0)
