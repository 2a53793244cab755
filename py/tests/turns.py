"""Nodes that notice when two runs are under way at once."""

import asyncio
import time

from remotemedia import Node, Pipeline

RUNNING = []
MOST = []


class AloneNode(Node):
    """Notes how many runs are under way while it works."""

    def init(self):
        RUNNING.append(self)
        MOST.append(len(RUNNING))

    def process(self, item):
        time.sleep(0.002)
        return item

    def close(self):
        RUNNING.remove(self)


class WaitingNode(AloneNode):
    """The same, waiting in the event loop."""

    async def process(self, item):
        await asyncio.sleep(0.002)
        return item


class FailingNode(AloneNode):
    """Fails."""

    def process(self, item):
        raise ValueError("no")


def pipeline(kind):
    RUNNING.clear()
    MOST.clear()
    return Pipeline([kind()], runtime_hint="python")
