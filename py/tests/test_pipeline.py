import asyncio
import json

import numpy as np
import pytest
from segments import chain
from vectors import difference, load_all

from remotemedia import (
    Audio,
    CapabilityError,
    ManifestError,
    ManifestWarning,
    Node,
    NodeError,
    Out,
    Pipeline,
    node,
)
from remotemedia._json_form import from_json_form
from remotemedia.nodes import AddNode, EchoNode, MultiplyNode

VECTORS = {
    name: vector
    for name, vector in load_all("pipelines").items()
    if "python" in vector.get("runtimes", ["rust", "python"])
}
EVENTS = []


def python(manifest, **options):
    return Pipeline.from_manifest(manifest, runtime_hint="python", **options)


@pytest.mark.parametrize("name", VECTORS)
async def test_vectors(name):
    vector = VECTORS[name]
    pipeline = python(vector["manifest"])
    items = from_json_form(vector["input"])
    if "error" in vector:
        with pytest.raises(NodeError) as caught:
            await pipeline.run(items)
        error = caught.value.to_wire()
        assert {key: error[key] for key in vector["error"]} == vector["error"]
        sinks = caught.value.delivered
    else:
        sinks = await pipeline.run(items, by_sink=True)
    expected = from_json_form(vector["sinks"])
    assert difference(expected, sinks, vector.get("tolerance", 0)) is None


class SlowNode(Node):
    """Awaits before it gives."""

    async def process(self, item):
        await asyncio.sleep(0)
        EVENTS.append(item)
        return item

    def close(self):
        EVENTS.append("closed")


@pytest.fixture(autouse=True)
def _no_events():
    EVENTS.clear()


def test_one_item_gives_one_value_a_list_gives_a_list():
    pipeline = Pipeline([MultiplyNode(factor=2), AddNode(addend=10)], runtime_hint="python")
    assert pipeline.run_sync(5) == 20
    assert pipeline.run_sync([5]) == [20]
    assert pipeline.run_sync([5, 7, 3]) == [20, 24, 16]
    assert pipeline.run_sync([]) == []
    assert python(chain([("ExpanderNode", {})])).run_sync("a") == ["a", "a", "a"]
    assert python(chain([("ExpanderNode", {"expansion_factor": 0})])).run_sync("a") == []


def test_several_sinks_give_a_dict():
    manifest = chain([("EchoNode", {}), ("AddNode", {})])
    manifest["connections"] = []
    manifest["nodes"][0]["node_type"] = "PassThroughNode"
    assert python(manifest).run_sync(1) == {"n0": 1, "n1": 1}
    assert python(manifest).run_sync([1, 2]) == {"n0": [1, 2], "n1": [1, 2]}


def test_what_counts_as_one_item():
    echo = python(chain([("PassThroughNode", {})]))
    array, audio = np.zeros(2), Audio([0.5], 8000)
    for value in [None, "text", {"a": 1}, b"ab", 1.5, audio]:
        assert echo.run_sync(value) == value
    assert echo.run_sync(array).tolist() == [0, 0]
    assert echo.run_sync((array, 8000))[1] == 8000
    assert echo.run_sync(range(3)) == [0, 1, 2]
    assert echo.run_sync(x for x in "ab") == ["a", "b"]


async def test_streams():
    async def numbers():
        for i in range(300):
            yield i

    pipeline = python(chain([("CounterNode", {})]))
    result = await pipeline.run(numbers())
    assert [entry["count"] for entry in result] == list(range(1, 301))
    assert len(await pipeline.run(iter(range(1000)))) == 1000


async def test_every_run_has_fresh_nodes():
    pipeline = Pipeline([EchoNode()], runtime_hint="python")
    assert (await pipeline.run("a"))["counter"] == 1
    assert (await pipeline.run("a"))["counter"] == 1
    both = await asyncio.gather(pipeline.run(["a", "b"]), pipeline.run(["c"]))
    assert [[entry["counter"] for entry in outputs] for outputs in both] == [[1, 2], [1]]


async def test_async_nodes():
    pipeline = Pipeline([SlowNode(), AddNode(addend=1)], runtime_hint="python")
    assert await pipeline.run([1, 2]) == [2, 3]
    assert EVENTS == [1, 2, "closed"]


async def test_a_cancelled_run_closes_its_nodes():
    class EndlessNode(SlowNode):
        """Never gives anything."""

        async def process(self, item):
            reached.set()
            await asyncio.sleep(3600)

    reached = asyncio.Event()
    task = asyncio.ensure_future(Pipeline([EndlessNode()], runtime_hint="python").run(1))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert EVENTS == ["closed"]


def test_an_interrupt_is_no_error_of_a_node():
    class InterruptedNode(SlowNode):
        """Is interrupted by Ctrl-C."""

        def process(self, item):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Pipeline([InterruptedNode()], runtime_hint="python").run_sync(1)
    assert EVENTS == ["closed"]


def test_nodes_are_closed_after_an_error_and_the_pipeline_works_again():
    class PickyNode(SlowNode):
        """Fails at 2."""

        def process(self, item):
            if item == 2:
                raise ValueError("two")
            return item

    pipeline = Pipeline([PickyNode()], runtime_hint="python")
    with pytest.raises(NodeError, match="two") as caught:
        pipeline.run_sync([1, 2, 3])
    assert caught.value.delivered == {"PickyNode_0": [1]}
    assert EVENTS == ["closed"]
    assert pipeline.run_sync([1, 3]) == [1, 3]


def test_input_that_cannot_travel():
    with pytest.raises(NodeError) as caught:
        python(chain([("PassThroughNode", {})])).run_sync([1, {"a": object()}])
    error = caught.value
    assert (error.code, error.path, error.item_index) == ("unrepresentable_value", "$.a", 1)
    assert error.node_id == "n0"


def test_errors_in_later_batches_count_from_the_first_item():
    with pytest.raises(NodeError) as caught:
        python(chain([("AddNode", {})])).run_sync([*range(300), "x"])
    assert caught.value.item_index == 300
    assert len(caught.value.delivered["n0"]) == 300


def test_serialize_gives_the_whole_manifest():
    pipeline = Pipeline(
        [MultiplyNode(factor=3), AddNode(name="my add")], "mine", runtime_hint="python"
    )
    manifest = json.loads(pipeline.serialize())
    assert manifest == {
        "version": "v1",
        "metadata": {"name": "mine"},
        "nodes": [
            {"id": "MultiplyNode_0", "node_type": "MultiplyNode", "params": {"factor": 3}},
            {"id": "my_add", "node_type": "AddNode", "params": {"addend": 0.0}},
        ],
        "connections": [{"from": "MultiplyNode_0", "to": "my_add"}],
    }
    assert Pipeline.from_json(pipeline.serialize(), runtime_hint="python").run_sync(2) == 6


def test_files(tmp_path):
    manifest = chain([("AddNode", {"addend": 1})])
    path = tmp_path / "add.json"
    path.write_text(json.dumps(manifest))
    assert Pipeline.from_json(path, runtime_hint="python").run_sync(1) == 2
    assert Pipeline.from_json(str(path), runtime_hint="python").run_sync(1) == 2
    with pytest.raises(ManifestError, match="not JSON"):
        Pipeline.from_json("{")
    with pytest.raises(FileNotFoundError):
        Pipeline.from_json(tmp_path / "nothing.json")


def test_nodes_of_your_own():
    @node
    def shout(item):
        return Out("out", item.upper())

    manifest = chain([("shout", {})])
    assert python(manifest, node_types=[shout]).run_sync("a") == "A"
    with pytest.raises(ManifestError, match="unknown type 'shout'"):
        python(manifest).run_sync("a")


def test_wrong_manifests():
    with pytest.raises(ManifestError) as caught:
        python({"nodes": []}).run_sync(1)
    assert [issue.code for issue in caught.value.issues] == ["missing_field", "no_nodes"]
    with pytest.raises(ManifestError):
        Pipeline([], runtime_hint="python").run_sync(1)
    with pytest.raises(ValueError, match="runtime_hint"):
        Pipeline([], runtime_hint="fast")


def test_unknown_fields_are_warnings():
    with pytest.warns(ManifestWarning, match="colour"):
        assert python(chain([("AddNode", {})], colour="red")).run_sync(1) == 1


def test_yaml_says_what_is_missing_or_reads(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "ruamel.yaml", None)
    with pytest.raises(Exception, match=r"remotemedia\[yaml\]"):
        Pipeline.from_yaml("version: v1\nnodes: []")


def test_metrics():
    pipeline = Pipeline([MultiplyNode()], "mine", enable_metrics=True, runtime_hint="python")
    pipeline.run_sync([1, 2])
    pipeline.run_sync([3])
    with pytest.raises(NodeError):
        pipeline.run_sync(["x"])
    metrics = pipeline.get_metrics()
    assert metrics["pipeline_id"] == "mine"
    assert metrics["total_executions"] == 3
    assert metrics["total_duration_us"] == pytest.approx(metrics["total_duration_ms"] * 1000)
    (measured,) = metrics["node_metrics"]
    assert measured["node_id"] == "MultiplyNode_0"
    assert (measured["runtime"], measured["node_type"]) == ("python", "MultiplyNode")
    counts = [measured[f"{kind}_count"] for kind in ("execution", "success", "error")]
    assert counts == [4, 3, 1]
    assert measured["success_rate"] == 0.75
    assert measured["avg_duration_us"] == measured["total_duration_us"] / 4
    assert set(metrics["load_metrics"]) == {"wasm_ms", "pyodide_ms", "packages_ms"}
    assert metrics["crossing_metrics"] == []
    assert Pipeline([MultiplyNode()]).get_metrics() is None


async def test_sync_runs_with_async_nodes_inside_a_loop_say_so():
    pipeline = Pipeline([SlowNode()], runtime_hint="python")
    with pytest.raises(CapabilityError, match="await pipeline"):
        pipeline.run_sync([1])
