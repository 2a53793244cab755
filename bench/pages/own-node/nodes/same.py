"""A node that a bundle brings."""

from typing import Any

from remotemedia import Node


class SameNode(Node):
    """Gives back what comes."""

    def process(self, item: Any) -> Any:
        """Return the item."""
        return item
