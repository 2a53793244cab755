"""RangeGeneratorNode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotemedia._errors import NodeError
from remotemedia._node import Node
from remotemedia._param import Param
from remotemedia.nodes._arithmetic import whole

if TYPE_CHECKING:
    from collections.abc import Iterator


class RangeGeneratorNode(Node, category="sources", stateful=True):
    """Gives evenly spaced numbers, one for each tick."""

    inputs = {}
    outputs = {"out": ("number",)}

    start: float = Param(0.0, doc="The first number.")
    end: float = Param(10.0, doc="The numbers stop before this one.")
    step: float = Param(
        1.0, doc="The distance from one number to the next; negative to count down."
    )

    def process(self) -> Iterator[float]:
        """Yield start + k · step, computed in f64; raises NodeError if step is zero."""
        start, end, step = float(self.start), float(self.end), float(self.step)
        if step == 0:
            raise NodeError("step must not be 0")
        k = 0
        x = start
        while x < end if step > 0 else x > end:
            yield whole(x)
            k += 1
            x = start + k * step
