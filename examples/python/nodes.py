"""Nodes of every kind."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from remotemedia import Audio, Node, Out, Param, node

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import numpy as np
    from numpy.typing import NDArray


class ClampNode(Node, category="math"):
    """Keeps numbers inside a range."""

    low: float = Param(0.0, doc="Smallest value.")
    high: float = Param(1.0, doc="Largest value.")

    def process(self, item: float) -> float:
        return min(self.high, max(self.low, item))


class SmoothNode(Node, category="math", stateful=True):
    """Gives the mean of the last items."""

    size: int = Param(3, doc="How many items.", minimum=1)
    edge: Literal["drop", "keep"] = Param("keep", doc="What becomes of the first items.")

    def init(self) -> None:
        self._last: list[float] = []

    def process(self, item: float) -> float | None:
        self._last = [*self._last, item][-self.size :]
        if self.edge == "drop" and len(self._last) < self.size:
            return None
        return sum(self._last) / len(self._last)


class SplitNode(Node):
    """Sends what is below a limit to the port `rest`, and counts it at the end."""

    outputs = {"out": ("number",), "rest": ("number",), "count": ("number",)}

    limit: float = Param(0.0, doc="The smallest number that goes on.")

    def init(self) -> None:
        self._below = 0

    def process(self, item: float) -> float | Out:
        if item >= self.limit:
            return item
        self._below += 1
        return Out("rest", item)

    def flush(self) -> Out:
        return Out("count", self._below)


class JoinNode(Node):
    """Tells at which port an item came in."""

    inputs = {"left": ("any",), "right": ("any",)}

    def process(self, item: object, port: str) -> dict[str, object]:
        return {port: item}


class CountdownNode(Node):
    """Generates numbers: it has no input ports."""

    inputs = {}

    start: int = Param(3, doc="The first number.", minimum=0)

    def process(self, _: None) -> Iterator[int]:
        yield from range(self.start, -1, -1)


class PeakNode(Node, category="audio", requires=["numpy>=2"]):
    """Gives the peak of every channel."""

    inputs = {"in": ("audio",)}
    outputs = {"out": ("tensor",)}

    def process(self, item: Audio) -> NDArray[np.float32]:
        import numpy as np

        peaks: NDArray[np.float32] = np.abs(item.samples).max(axis=1, initial=0)
        return peaks


@node(category="text")
def shout(item: str, mark: str = Param("!", doc="What is put behind.")) -> str:
    """Says it louder."""
    return item.upper() + mark


@node
def letters(item: str, times: int = 1) -> Iterator[str]:
    """Give every letter, several times."""
    for letter in item:
        yield letter * times


@node
async def slowly(item: str, seconds: float = Param(0.0, unit="s", minimum=0)) -> str:
    """Wait, then give the item."""
    await asyncio.sleep(seconds)
    return item


@node
async def twice(item: str) -> AsyncIterator[str]:
    """Give the item, and after a while again."""
    yield item
    await asyncio.sleep(0)
    yield item
