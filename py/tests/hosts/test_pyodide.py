import json
import math
import struct

import numpy as np
import pytest
from arena import Buffer, arena, one, parts
from segments import segment

from remotemedia import Node
from remotemedia._effects import Await
from remotemedia._hosts import pyodide
from remotemedia._hosts.pyodide import DONE, ENDED, FAILED, MORE, SLEEP, TO_HOST, connect


def test_a_batch_goes_in_and_comes_out():
    host = connect()
    handle = host.open(one("MultiplyNode", {"factor": 2}))
    assert handle == 1
    length = host.run(handle, math.inf, 0, *parts(([0, 1], 0, [1, 2]), ([2], [0], [[3.5]])))
    status, _, packets, error = arena(host, length)
    assert (status, error) == (DONE, None)
    assert packets == [
        (TO_HOST, ([0, 1, 2], 1, [2, 4, [7]])),
        (5, ([0, 1, 2], 2, [2, 4, [7]])),
    ]


def test_arrays_are_owned_and_read_only():
    host = connect()
    handle = host.open(one("PassThroughNode"))
    length = host.run(handle, math.inf, 0, *parts(([0], 0, [np.arange(3.0)])))
    ((_, packet), _) = arena(host, length)[2]
    assert packet.values[0].tolist() == [0, 1, 2]


def test_several_edges_in_one_packet():
    host = connect()
    spec = segment([("n", "PassThroughNode", {})], [], {0: "n.in", 1: "n.in"}, {2: ("n.*", None)})
    handle = host.open(json.dumps(spec))
    length = host.run(handle, math.inf, 0, *parts(([0, 1, 0], [1, 1, 0], ["b0", "b1", "a0"])))
    assert arena(host, length)[2][0][1] == ([0, 0, 1], 2, ["a0", "b0", "b1"])


def test_a_failure_keeps_the_outputs_below_it():
    host = connect()
    handle = host.open(one("AddNode"))
    length = host.run(handle, math.inf, 0, *parts(([0, 1, 2], 0, [1, "x", 3])))
    status, _, packets, error = arena(host, length)
    assert status == FAILED
    assert [packet.values for _, packet in packets] == [[1], [1]]
    assert (error["name"], error["node_id"], error["round"], error["order"]) == (
        "NodeError",
        "n",
        1,
        0,
    )
    length = host.run(handle, math.inf, 0, *parts(([3], 0, [1])))
    assert arena(host, length)[0] == DONE


def test_a_limit():
    host = connect()
    handle = host.open(one("AddNode"))
    length = host.run(handle, 1.0, 0, *parts(([0, 1], 0, [1, 2])))
    assert [packet.rounds for _, packet in arena(host, length)[2]] == [[0], [0]]


def test_much_comes_in_portions():
    host = connect()
    handle = host.open(one("ExpanderNode", {"expansion_factor": 3000}))
    length = host.run(handle, math.inf, 0, *parts(([0, 1], 0, ["a", "b"])))
    counts, statuses = [], []
    while True:
        status, _, packets, _ = arena(host, length)
        statuses.append(status)
        counts += [len(packet.rounds) for _, packet in packets]
        if status == DONE:
            break
        length = host.resume(handle)
    assert statuses == [MORE, MORE, DONE]
    assert sum(counts) == 12000
    assert max(counts) <= 4096


def test_a_result_larger_than_the_arena_replaces_it():
    host = connect()
    handle = host.open(one("PassThroughNode"))
    before = host.arena()
    small = host.run(handle, math.inf, 0, *parts(([0], 0, [1])))
    assert host.arena() is before
    assert small <= len(before)
    large = host.run(handle, math.inf, 0, *parts(([0], 0, [np.zeros(100_000)])))
    assert len(host.arena()) >= large > len(before)
    assert arena(host, large)[2][0][1].values[0].size == 100_000


def test_retries_ask_the_host_to_sleep():
    host = connect()
    retry = {"max_retries": 2, "base_delay_ms": 5, "max_delay_ms": 5, "multiplier": 1}
    handle = host.open(one("AddNode", retry=retry))
    length = host.run(handle, math.inf, 0, *parts(([0], 0, ["x"])))
    for _ in range(2):
        status, sleep, _, _ = arena(host, length)
        assert status == SLEEP
        assert 0 <= sleep <= 5
        length = host.resume(handle)
    assert arena(host, length)[0] == FAILED


def test_flush_and_close():
    host = connect()
    handle = host.open(one("SpeechSegmentsNode"))
    status, _, packets, _ = arena(host, host.flush(handle, math.inf, 0))
    assert status == DONE
    assert packets[0][1].values == [[]]
    assert arena(host, host.close(handle)) == (DONE, 0, [], None)
    assert arena(host, host.close(handle)) == (DONE, 0, [], None)
    status, _, _, error = arena(host, host.run(handle, math.inf, 0))
    assert (status, error["name"]) == (FAILED, "ClosedError")
    assert arena(host, host.resume(handle))[0] == FAILED


def test_resume_without_a_call():
    host = connect()
    handle = host.open(one("AddNode"))
    status, _, _, error = arena(host, host.resume(handle))
    assert (status, error["code"]) == (FAILED, "closed")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (one("NoSuchNode"), "RuntimeLoadError"),
        (one("AddNode", {"addend": "x"}), "ManifestError"),
        ("{", "RemoteMediaError"),
        ("{}", "RemoteMediaError"),
    ],
)
def test_a_segment_that_cannot_be_opened(text, name):
    host = connect()
    assert host.open(text) == 0
    length = struct.unpack_from("<I", host.arena(), 12)[0]
    assert json.loads(bytes(host.arena()[16 : 16 + length]))["name"] == name


SHORT_BUFFER = {
    "rounds": {"$": 0},
    "edges": 0,
    "values": [1],
    "refs": [{"kind": "list", "dtype": "i64", "shape": [1], "buffer": 0}],
}


@pytest.mark.parametrize(
    "broken",
    [
        ["{"],
        ['{"rounds": [0], "edges": 9, "values": [1]}'],
        ['{"rounds": [0], "edges": 0, "values": [{"$": 0}]}'],
        [json.dumps(SHORT_BUFFER), Buffer(b"1234")],
    ],
)
def test_a_broken_packet_is_an_error(broken):
    host = connect()
    handle = host.open(one("AddNode"))
    status, _, _, error = arena(host, host.run(handle, math.inf, 0, *broken))
    assert (status, error["name"]) == (FAILED, "PacketError")
    assert arena(host, host.run(handle, math.inf, 0, *parts(([0], 0, [1]))))[0] == DONE


async def test_the_async_entry(monkeypatch):
    host = connect()
    handle = host.open(one("AddNode", {"addend": 1}))
    assert not host.is_async(handle)
    length = await host.run_async(handle, math.inf, 0, *parts(([0], 0, [1])))
    assert arena(host, length)[2][0][1].values == [2]
    length = await host.flush_async(handle, math.inf, 0)
    assert arena(host, length) == (DONE, 0, [], None)
    length = await host.resume_async(handle)
    assert arena(host, length)[0] == FAILED


async def test_an_async_node(monkeypatch):
    class WaitNode(Node):
        """Waits."""

        async def process(self, item):
            import asyncio

            await asyncio.sleep(0)
            if item == "x":
                raise ValueError("x")
            return item

    host = connect()
    host._registry.add(WaitNode)
    handle = host.open(one("WaitNode"))
    assert host.is_async(handle)
    status, _, packets, error = arena(
        host, await host.run_async(handle, math.inf, 0, *parts(([0, 1], 0, ["a", "x"])))
    )
    assert (status, packets[0][1].values) == (FAILED, ["a"])
    assert error["message"] == "ValueError: x"


def test_metrics_and_catalog_are_json():
    host = connect()
    handle = host.open(one("AddNode"))
    host.run(handle, math.inf, 0, *parts(([0], 0, [1])))
    assert json.loads(host.metrics(handle))["nodes"][0]["execution_count"] == 1
    types = [entry["type"] for entry in json.loads(host.catalog())]
    assert "TextProcessorNode" in types


def test_the_contract_names_are_there():
    host = connect()
    for name in ["open", "run", "resume", "flush", "run_async", "resume_async", "flush_async", "is_async", "metrics", "close", "arena", "catalog"]:  # fmt: skip
        assert callable(getattr(host, name))
    assert (DONE, MORE, SLEEP, FAILED, ENDED) == (0, 1, 2, 3, 4)
    assert pyodide.Await is Await
