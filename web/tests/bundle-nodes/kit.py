"""One node of every kind that a bundle may bring; kit.json tells the catalog about them."""

import asyncio
import json
import os
from pathlib import Path

from remotemedia import Node, Out, Param, node

from .shared import offset


class ClampNode(Node):
    low: float = Param(0.0)
    high: float = Param(1.0)

    def process(self, item):
        return min(self.high, max(self.low, item))


@node(type="ShiftNode")
def shift(item):
    return item + offset


class TableNode(Node):
    def init(self):
        self.table = json.loads(self.bundle_file("assets/words/table.json").read_text())

    def process(self, item):
        return self.table[str(item)]


class SplitNode(Node):
    outputs = {"even": ("number",), "odd": ("number",)}

    def process(self, item):
        return Out("odd" if item % 2 else "even", item)


class SumNode(Node, stateful=True):
    def init(self):
        self.sum = 0

    def process(self, item):
        self.sum += item

    def flush(self):
        return self.sum


class LaterNode(Node):
    async def process(self, item):
        await asyncio.sleep(0)
        return [item]


class CountdownNode(Node):
    def process(self, item):
        yield from range(item, 0, -1)


class MeanNode(Node, requires=("numpy>=2",)):
    def process(self, item):
        import numpy as np

        return float(np.mean(item, dtype=np.float64))


class WriteNode(Node):
    """Tries to change what is in the bundle."""

    def process(self, item):
        root = Path(__file__).parent.parent
        attempts = {
            "change": lambda: self.bundle_file("assets/words/table.json").write_text("{}"),
            "remove": lambda: self.bundle_file("assets/words/table.json").unlink(),
            "source": lambda: Path(__file__).write_text(""),
            "new": lambda: (root / "assets" / "new").write_text(""),
            "folder": lambda: (root / "new").mkdir(),
            "rename": lambda: os.rename(root / "assets", root / "other"),
        }
        try:
            attempts[item]()
        except OSError as error:
            return type(error).__name__
        return "done"


class RaiseNode(Node):
    def process(self, item):
        return helper(item)


def helper(item):
    return {}["line 96 of kit.py"]


class LoopNode(Node):
    def process(self, item):
        while item == "loop":
            pass
        return item


class FutureNode(Node, requires=("numpy>=99",)):
    def process(self, item):
        return item
