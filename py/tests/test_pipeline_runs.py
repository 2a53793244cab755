"""What runs may be given and what they tell: sources, generating sources, progress, traces."""

import json
import time

import pytest
from segments import chain

from remotemedia import (
    CircuitOpenError,
    ManifestError,
    ManifestWarning,
    Node,
    NodeError,
    NodeTimeoutError,
    Pipeline,
)


def python(manifest, **options):
    return Pipeline.from_manifest(manifest, runtime_hint="python", **options)


RANGE = ("RangeGeneratorNode", {"end": 5})


class PickyNode(Node):
    """Fails at "bad"."""

    def process(self, item):
        if item == "bad":
            raise ValueError("bad")
        return item


class TickingNode(Node):
    """Makes items of its own, slowly."""

    inputs = {}

    def process(self, item):
        for i in range(20):
            time.sleep(0.001)
            yield i


def test_generating_sources():
    assert python(chain([RANGE])).run_sync() == [0, 1, 2, 3, 4]
    assert python(chain([RANGE, ("AddNode", {"addend": 1})])).run_sync([]) == [1, 2, 3, 4, 5]
    many = python(chain([("RangeGeneratorNode", {"end": 5000})]))
    assert many.run_sync() == list(range(5000))
    slow = python(chain([("TickingNode", {})]), node_types=[TickingNode])
    assert slow.run_sync() == list(range(20))


@pytest.mark.parametrize("given", [1, [1], "a", {}])
def test_generating_sources_take_no_input(given):
    with pytest.raises(ManifestError) as caught:
        python(chain([RANGE])).run_sync(given)
    (issue,) = caught.value.issues
    assert (issue.code, issue.path) == ("unexpected_input", "$.input")
    with pytest.raises(ManifestError) as caught:
        python(chain([RANGE])).run_sync(sources={"n0": [1]})
    (issue,) = caught.value.issues
    assert (issue.code, issue.path) == ("unknown_source", "$.sources.n0")


def both(first, second):
    """Return a manifest of two sources that lead to one sink."""
    nodes = [
        {"id": "a", "node_type": first[0], "params": first[1]},
        {"id": "b", "node_type": second[0], "params": second[1]},
        {"id": "end", "node_type": "PassThroughNode"},
    ]
    connections = [{"from": "a", "to": "end"}, {"from": "b", "to": "end"}]
    return {"version": "v1", "nodes": nodes, "connections": connections}


def test_ticks_and_items_share_their_rounds():
    mixed = python(both(RANGE, ("PassThroughNode", {})))
    assert mixed.run_sync(["x", "y"]) == [0, "x", 1, "y", 2, 3, 4]
    assert mixed.run_sync(sources={"b": list("uvwxyz")}) == [
        *[0, "u", 1, "v", 2, "w", 3, "x", 4, "y"],
        "z",
    ]
    two = python(both(RANGE, ("RangeGeneratorNode", {"start": 10, "end": 12})))
    assert two.run_sync() == [0, 10, 1, 11, 2, 3, 4]


def test_lists_per_source():
    two = python(both(("PassThroughNode", {}), ("PassThroughNode", {})))
    assert two.run_sync(sources={"b": [1, 2], "a": ["x"]}) == ["x", 1, 2]
    assert two.run_sync(sources={"b": 5}) == [5]
    assert two.run_sync(sources={"a": iter([1, 2, 3])}) == [1, 2, 3]
    with pytest.raises(NodeError) as caught:
        two.run_sync(sources={"a": [1], "b": [1, object()]})
    assert (caught.value.node_id, caught.value.item_index) == ("b", 1)


def test_progress():
    events = []
    pipeline = python(chain([("ExpanderNode", {"expansion_factor": 2})]))
    pipeline.run_sync([b"abc"] * 300, on_progress=events.append)
    assert events[-1] == {
        "phase": "run",
        "loaded": 300,
        "total": 300,
        "items_in": 300,
        "items_out": 600,
        "bytes_in": 900,
        "bytes_out": 1800,
    }
    loaded = [event["loaded"] for event in events]
    assert loaded == sorted(loaded)
    assert 256 in loaded
    events.clear()
    pipeline.run_sync(iter([1]), on_progress=events.append)
    assert events[-1]["total"] is None


def test_what_a_progress_callback_raises_ends_the_run():
    def stop(event):
        raise KeyError("enough")

    pipeline = python(chain([("AddNode", {})]))
    with pytest.raises(KeyError, match="enough"):
        pipeline.run_sync([1], on_progress=stop)
    assert pipeline.run_sync([1]) == [1]


def test_a_trace():
    pipeline = python(chain([("AddNode", {}), ("MultiplyNode", {})]), enable_trace=True)
    before = time.time() * 1e6
    pipeline.run_sync(range(300))
    trace = json.loads(json.dumps(pipeline.get_trace()))
    assert trace["displayTimeUnit"] == "ms"
    events = trace["traceEvents"]
    tracks = {e["tid"]: e["args"]["name"] for e in events if e["ph"] == "M"}
    spans = [e for e in events if e["ph"] == "X"]
    assert {tracks[e["tid"]] for e in spans} == {"loads", "python", "runs"}
    nodes = [e for e in spans if e["cat"] == "node"]
    assert {e["name"] for e in nodes} == {"n0", "n1"}
    (run,) = (e for e in spans if e["cat"] == "run")
    assert before <= run["ts"] <= time.time() * 1e6
    for span in nodes:
        assert run["ts"] <= span["ts"]
        assert span["ts"] + span["dur"] <= run["ts"] + run["dur"] + 1
    assert python(chain([("AddNode", {})])).get_trace() is None


def test_what_was_skipped():
    manifest = chain([("PickyNode", {}, {"on_error": "skip"})])
    pipeline = python(manifest, node_types=[PickyNode])
    assert pipeline.run_sync([1, "bad", 2]) == [1, 2]
    assert pipeline.skipped["count"] == 1
    assert pipeline.skipped["errors"][0]["item_index"] == 1
    assert pipeline.run_sync([1]) == [1]
    assert pipeline.skipped == {"count": 0, "errors": []}


def test_circuits_are_kept_from_run_to_run():
    pipeline = python(chain([("PickyNode", {})]), node_types=[PickyNode])
    for _ in range(5):
        with pytest.raises(NodeError, match="bad"):
            pipeline.run_sync(["bad"])
    with pytest.raises(CircuitOpenError):
        pipeline.run_sync([1])
    fresh = python(chain([("PickyNode", {})]), node_types=[PickyNode])
    for _ in range(4):
        with pytest.raises(NodeError, match="bad"):
            fresh.run_sync(["bad"])
    assert fresh.run_sync([1]) == [1]
    with pytest.raises(NodeError, match="bad"):
        fresh.run_sync(["bad"])
    assert fresh.run_sync([1]) == [1]


def test_a_call_that_took_too_long_is_noticed_after_it_too():
    class SlowNode(Node):
        """Takes its time."""

        def process(self, item):
            time.sleep(0.05)
            return item

    manifest = chain([("SlowNode", {}, {"timeout_ms": 5})])
    with pytest.raises(NodeTimeoutError) as caught:
        python(manifest, node_types=[SlowNode]).run_sync([1])
    assert (caught.value.node_id, caught.value.item_index) == ("n0", 0)


def test_warnings_carry_their_issue():
    with pytest.warns(ManifestWarning) as caught:
        python(chain([("AddNode", {})], colour="red")).plan()
    (warning,) = caught
    assert (warning.message.issue.code, warning.message.issue.path) == ("unknown_field", "$.colour")


async def test_streams():
    pipeline = python(chain([("AddNode", {"addend": 1})]))

    async def numbers():
        for i in range(10):
            yield i

    for given in (numbers(), range(10), list(range(10))):
        async with pipeline.stream(given) as stream:
            assert [pair async for pair in stream] == [("n0", i + 1) for i in range(10)]
            assert stream.dropped == {"n0": 0}
            assert stream.skipped["count"] == 0
            assert stream.metrics is None
    async with pipeline.stream(numbers()) as stream:
        assert await anext(stream) == ("n0", 1)
    assert await pipeline.run([1]) == [2]
