"""ZipNode."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from remotemedia._errors import NodeError
from remotemedia._node import Node
from remotemedia._param import Param
from remotemedia._values import represent

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_WAITING = 1024
"""Items that may wait at one port for their partners."""


class ZipNode(Node, category="flow", stateful=True):
    """Joins the k-th items of its input ports into one map."""

    inputs = {"$ports": ("any",)}
    outputs = {"out": ("map",)}

    ports: list[str] = Param(
        doc="The names of the input ports.", min_items=1, unique=True, pattern="^[A-Za-z0-9_-]+$"
    )
    partial: bool = Param(
        default=False, doc="Whether items without partners are given at the end of the stream."
    )

    def init(self) -> None:
        """Begin with nothing waiting."""
        self._waiting: dict[str, deque[Any]] = {port: deque() for port in self.ports}

    def process(self, item: Any, port: str) -> dict[str, Any] | None:
        """Return `{port: item}` as soon as every port has one."""
        represent(item, 2)  # refuses now what would nest too deep in the output
        queue = self._waiting[port]
        if len(queue) >= MOST_WAITING:
            message = f"more than {MOST_WAITING} items wait at {port} for their partners"
            raise NodeError(message)
        queue.append(item)
        return self._take() if all(self._waiting.values()) else None

    def flush(self) -> Iterator[dict[str, Any]]:
        """Yield the items without partners, if they are wanted."""
        while self.partial and any(self._waiting.values()):
            yield self._take()

    def _take(self) -> dict[str, Any]:
        return {port: queue.popleft() for port, queue in self._waiting.items() if queue}
