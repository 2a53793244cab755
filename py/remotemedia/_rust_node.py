"""What a node is in Python that only Rust implements: its declaration."""

from __future__ import annotations

from typing import Any, ClassVar

from remotemedia._errors import RuntimeLoadError
from remotemedia._node import Node


class RustNode(Node):
    """Base of the declarations: params are checked here, items are processed in the Rust module."""

    runtime: ClassVar[str] = "rust"

    def process(self, *_: Any) -> Any:
        """Raise RuntimeLoadError."""
        message = f"{self.type_name} has no Python implementation: it runs in a pipeline"
        raise RuntimeLoadError(message)
