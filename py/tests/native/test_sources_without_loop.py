"""Async sources in threads without an event loop; Pyodide always has one."""

import asyncio

import pytest
from segments import opened, run, segment

from remotemedia import CapabilityError, Node

LOG = []


class SlowEndNode(Node):
    """Waits at its end."""

    inputs = {}

    async def process(self):
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            LOG.append("finally")

    def close(self):
        LOG.append("close")


def test_an_end_that_waits_is_an_error_and_the_node_is_closed():
    spec = segment([("s", "SlowEndNode", {})], [], {0: "s.in"}, {1: ("s.*", None)})
    engine = opened(spec, [SlowEndNode])
    assert run(engine, (0, [0], [None])) == ({1: ([0], [1])}, None)
    with pytest.raises(CapabilityError, match="at its end") as caught:
        engine.close()
    assert caught.value.node_id == "s"
    assert LOG == ["close"]
