"""Pipelines in code. Each of these prints what its comment says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from nodes import ClampNode, JoinNode, SplitNode, shout, slowly

from remotemedia import Pipeline
from remotemedia.nodes import AddNode, CounterNode, EchoNode, MultiplyNode, PassThroughNode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def chain() -> None:
    """Run a chain in a script."""
    pipeline = Pipeline(MultiplyNode(factor=2) >> AddNode(addend=10) >> ClampNode(high=20))
    print(pipeline.run_sync([5, 7, 3]))  # [20, 20, 16]


def branches() -> None:
    """Send items two ways, and bring them together."""
    start, end = PassThroughNode(), PassThroughNode()
    pipeline = Pipeline(start >> [MultiplyNode(factor=2), AddNode(addend=10)] >> end)
    print(pipeline.run_sync([7, 8]))  # [14, 17, 16, 18]


def ports() -> None:
    """Connect ports, and name what the result is known by."""
    split, join = SplitNode(limit=0), JoinNode(name="join")
    parts = [split >> MultiplyNode(factor=10) >> join["left"], split["rest"] >> join["right"]]
    print(Pipeline(parts).run_sync([1, -1]))  # [{'left': 10}, {'right': -1}]


def sources() -> None:
    """Give every source its own items."""
    left, right = PassThroughNode(name="numbers"), PassThroughNode(name="words")
    join = JoinNode()
    pipeline = Pipeline([left >> join["left"], right >> shout() >> join["right"]])
    given = {"numbers": [1], "words": ["a"]}
    print(pipeline.run_sync(sources=given))  # [{'left': 1}, {'right': 'A!'}]


def options() -> None:
    """Leave failed calls out."""
    add = AddNode(addend=1).configure(on_error="skip", timeout_ms=1000, runtime_hint="python")
    pipeline = Pipeline(add)
    print(pipeline.run_sync([1, "x", 3]), pipeline.skipped["count"])  # [2, 4] 1


def round_trip() -> None:
    """Write a pipeline down and read it again."""
    text = Pipeline(CounterNode() >> EchoNode(), "written").serialize()
    print(Pipeline.from_json(text).run_sync("a")["input"]["count"])  # 1
    again = Pipeline.from_json(Pipeline(shout()).serialize(), node_types=[shout])
    print(again.run_sync("a"))  # A!


async def in_asyncio() -> None:
    """Run where an event loop runs already, as in Jupyter."""
    pipeline = Pipeline(slowly(seconds=0.001) >> shout())
    print(await pipeline.run(["a", "b"]))  # ['A!', 'B!']

    async def words() -> AsyncIterator[str]:
        yield "live"

    async for sink, item in pipeline.stream(words()):
        print(sink, item)  # shout_1 LIVE!


if __name__ == "__main__":
    chain()
    branches()
    ports()
    sources()
    options()
    round_trip()
    asyncio.run(in_asyncio())
