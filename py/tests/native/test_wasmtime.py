"""The Rust engine through wasmtime. These tests need `dist/wasm/runtime.wasm` (scripts/build wasm)."""

import json
import math
import threading

import numpy as np
import pytest
from segments import chain, segment
from vectors import difference, load, load_all

from remotemedia import (
    ClosedError,
    ManifestError,
    Node,
    NodeError,
    Pipeline,
    RemoteMediaError,
    RuntimeLoadError,
    is_rust_runtime_available,
)
from remotemedia._effects import Batch, Result, Sleep, drive
from remotemedia._hosts.wasmtime import PATH_VARIABLE, RustRuntime
from remotemedia._json_form import from_json_form
from remotemedia._runner import as_batches

VECTORS = load_all("pipelines")
PLANS = load_all("plans")
VALUES = [from_json_form(vector["value"]) for vector in load("values.json")]


@pytest.fixture
def rust():
    return RustRuntime.load()


def one(kind, params=None, **fields):
    nodes = [("n", kind, params or {}, fields)]
    return segment(nodes, [], {0: "n.in"}, {1: ("n.*", None)})


def run(place, rounds, values, until=(math.inf, 0)):
    outputs, error, _ = drive(place.run([Batch(None, 0, rounds, values)], until))
    return [value for batch in as_batches(outputs) for value in batch.values], error


def outcome(pipeline, items):
    try:
        return pipeline.run_sync(items, by_sink=True), None
    except NodeError as error:
        return error.delivered, {
            "name": type(error).__name__,
            "node_id": error.node_id,
            "item_index": error.item_index,
        }


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_hybrid(name):
    vector = VECTORS[name]
    pipeline = Pipeline.from_manifest(vector["manifest"])
    sinks, error = outcome(pipeline, from_json_form(vector["input"]))
    expected = from_json_form(vector["sinks"])
    assert difference(expected, sinks, vector.get("tolerance", 0)) is None
    assert error == vector.get("error")


RUST = [n for n, v in VECTORS.items() if "rust" in v.get("runtimes", ["rust", "python"])]


@pytest.mark.parametrize("name", RUST)
def test_vectors_in_rust_alone(name):
    vector = VECTORS[name]
    pipeline = Pipeline.from_manifest(vector["manifest"], runtime_hint="rust")
    assert {part["place"] for part in pipeline.plan()["segments"]} == {"rust:runtime"}
    sinks, error = outcome(pipeline, from_json_form(vector["input"]))
    expected = from_json_form(vector["sinks"])
    assert difference(expected, sinks, vector.get("tolerance", 0)) is None
    assert error == vector.get("error")


def test_every_value_crosses(rust):
    values, error = run(rust.open(one("PassThroughNode")), list(range(len(VALUES))), VALUES)
    assert error is None
    assert difference(VALUES, values) is None


def test_a_large_array_crosses(rust):
    array = np.arange(3_000_000, dtype=np.float64)
    (again,), _ = run(rust.open(one("PassThroughNode")), [0], [array])
    np.testing.assert_array_equal(array, again)


def test_more_and_limits(rust):
    place = rust.open(one("ExpanderNode", {"expansion_factor": 5000}))
    values, error = run(place, [0, 1], ["a", "b"], until=(1, 0))
    assert (values, error) == (["a"] * 5000, None)


def test_retries_sleep(rust):
    retry = {"max_retries": 2, "base_delay_ms": 5, "max_delay_ms": 5, "multiplier": 1}
    place = rust.open(one("AddNode", {"addend": 1}, retry=retry))
    effects = place.run([Batch(None, 0, [0], ["x"])], (math.inf, 0))
    for _ in range(2):
        assert 0 <= next(effects).milliseconds <= 5
    with pytest.raises(StopIteration) as end:
        next(effects)
    assert isinstance(end.value.value, Result)
    assert isinstance(end.value.value.error, NodeError)
    assert Sleep(1).milliseconds == 1


def test_a_wrong_segment(rust):
    with pytest.raises(RemoteMediaError):
        rust.open(one("NoSuchNode"))
    with pytest.raises(RemoteMediaError):
        rust.plan("{")


def test_a_closed_segment(rust):
    place = rust.open(one("AddNode", {"addend": 1}))
    place.close()
    place.close()
    with pytest.raises(ClosedError):
        drive(place.run([], (math.inf, 0)))


def test_input_that_cannot_travel_is_an_error_of_its_kind():
    pipeline = Pipeline.from_manifest(chain([("AddNode", {})]))
    with pytest.raises(NodeError) as caught:
        pipeline.run_sync([1, object()])
    assert (caught.value.code, caught.value.item_index) == ("unrepresentable_value", 1)


def test_after_a_trap_there_is_a_new_module(rust, monkeypatch):
    place = rust.open(one("AddNode", {"addend": 1}))
    exports = rust._exports
    broken = _Exports(exports, rust)
    monkeypatch.setattr(rust, "_exports", broken)
    result = drive(place.run([Batch(None, 0, [0], [1])], (math.inf, 0)))
    assert isinstance(result.error, NodeError)
    assert result.error.runtime == "rust"
    with pytest.raises(ClosedError):
        drive(place.run([], (math.inf, 0)))
    (counted,) = place.metrics()["nodes"]
    assert (counted["node_id"], counted["runtime"]) == ("n", "rust")
    place.close()
    assert run(rust.open(one("AddNode", {"addend": 1})), [0], [1]) == ([2], None)


class _Exports:
    """The exports of a module of which one traps."""

    def __init__(self, exports, rust, broken="rm_segment_run"):
        self._exports, self._wasmtime, self._broken = exports, rust._wasmtime, broken

    def __getitem__(self, name):
        def trap(*_):
            raise self._wasmtime.Trap("unreachable")

        return trap if name == self._broken else self._exports[name]


@pytest.mark.parametrize("name", PLANS)
def test_plans(name, rust):
    from remotemedia._registry import Registry

    vector = PLANS[name]
    request = {
        "catalogs": {"python": Registry().catalog()},
        "runtime_hint": "auto",
        "metrics": False,
    }
    request |= {"manifest": vector["manifest"]} | vector.get("request", {})
    plan = rust.plan(json.dumps(request))["plan"]
    found = [
        {
            "place": part["place"],
            "nodes": [node["id"] for node in part["nodes"] if not node["id"].startswith("__")],
        }
        for part in plan["segments"]
    ]
    assert found == vector["segments"]
    assert plan["graph_info"]["execution_order"] == vector["execution_order"]


def test_a_plan_of_python_alone_is_the_planners(rust):
    """Without Rust, Python makes the same plan as the planner does for one Python segment."""
    from remotemedia._planning import plan_in_python
    from remotemedia._registry import Registry

    registry = Registry()
    for name, vector in VECTORS.items():
        if "python" not in vector.get("runtimes", ["python"]):
            continue
        manifest = vector["manifest"]
        request = {
            "manifest": manifest,
            "catalogs": {"python": registry.catalog()},
            "runtime_hint": "python",
            "metrics": True,
        }
        if any("runtime_hint" in node for node in manifest["nodes"]):
            continue
        theirs = rust.plan(json.dumps(request))["plan"]
        ours = plan_in_python(manifest, registry, "python", metrics=True)
        assert difference(theirs, ours) is None, name


def test_the_catalogs_agree(rust):
    from remotemedia._registry import Registry

    def comparable(entry):
        hidden = ("runtime", "requires", "summary")
        return {key: value for key, value in entry.items() if key not in hidden}

    theirs = {entry["type"]: comparable(entry) for entry in rust.catalog()}
    ours = {entry["type"]: comparable(entry) for entry in Registry().catalog()}
    both = theirs.keys() & ours.keys()
    assert len(both) >= 11
    for name in sorted(both):
        assert difference(theirs[name], ours[name]) is None, name


def test_python_node_errors_and_rust_node_errors_look_the_same():
    manifest = chain([("AddNode", {})])
    for hint in ("rust", "python"):
        with pytest.raises(NodeError) as caught:
            Pipeline.from_manifest(manifest, runtime_hint=hint).run_sync(["x"])
        error = caught.value
        assert (error.runtime, error.node_id, error.node_type) == (hint, "n0", "AddNode")
        assert (error.item_index, error.code) == (0, "node_error")


def test_a_forced_runtime_that_has_no_such_node():
    with pytest.raises(ManifestError) as caught:
        Pipeline.from_manifest(chain([("TextProcessorNode", {})]), runtime_hint="rust").run_sync(
            "a"
        )
    assert [issue.code for issue in caught.value.issues] == ["unavailable_runtime"]


def test_metrics_name_the_runtime_and_the_crossings():
    manifest = chain([("AddNode", {}), ("TextProcessorNode", {})])
    pipeline = Pipeline.from_manifest(manifest, enable_metrics=True)
    pipeline.run_sync([1, 2])
    metrics = pipeline.get_metrics()
    runtimes = {node["node_id"]: node["runtime"] for node in metrics["node_metrics"]}
    assert runtimes == {"n0": "rust", "n1": "python"}
    crossings = {(c["from"], c["to"]): c for c in metrics["crossing_metrics"]}
    assert set(crossings) == {("python", "rust:runtime"), ("rust:runtime", "python")}
    assert all(c["packets"] == 1 and c["bytes"] > 0 for c in crossings.values())


def test_a_trace_has_a_track_per_place():
    manifest = chain([("AddNode", {}), ("TextProcessorNode", {})])
    pipeline = Pipeline.from_manifest(manifest, enable_trace=True)
    pipeline.run_sync([1, 2])
    events = pipeline.get_trace()["traceEvents"]
    tracks = {e["tid"]: e["args"]["name"] for e in events if e["ph"] == "M"}
    assert set(tracks.values()) == {"loads", "rust:runtime", "python", "crossings", "runs"}
    spans = {(tracks[e["tid"]], e["name"]): e for e in events if e["ph"] == "X"}
    run, rust, python = (
        spans[key] for key in [("runs", "run"), ("rust:runtime", "n0"), ("python", "n1")]
    )
    assert run["ts"] <= rust["ts"] <= python["ts"]
    assert python["ts"] + python["dur"] <= run["ts"] + run["dur"] + 1
    assert ("crossings", "python → rust:runtime") in spans


def test_loading_is_progress():
    events = []
    pipeline = Pipeline.from_manifest(chain([("AddNode", {})]))
    pipeline.run_sync([1], on_progress=events.append)
    first, *_, last = events
    assert (first["phase"], last["phase"]) == ("load-wasm", "run")
    assert first["loaded"] == first["total"] > 100_000
    events.clear()
    pipeline.run_sync([1], on_progress=events.append)
    assert {event["phase"] for event in events} == {"run"}


def test_nothing_is_measured_unless_it_is_asked_for(monkeypatch):
    pipeline = Pipeline.from_manifest(chain([("AddNode", {})]))
    pipeline.run_sync([1])
    monkeypatch.setattr("remotemedia._hosts.rust_segment.RustSegment.metrics", None)
    assert pipeline.run_sync([1]) == [1]


def test_threads_share_a_pipeline():
    manifest = chain([("MultiplyNode", {"factor": 2}), ("AddNode", {})])
    pipeline = Pipeline.from_manifest(manifest, runtime_hint="rust")
    wrong = []

    def work(k):
        items = list(range(k, k + 200))
        outputs = [pipeline.run_sync(items) for _ in range(50)]
        wrong.extend(found for found in outputs if found != [2 * item for item in items])

    in_threads(work)
    assert wrong == []


def test_threads_share_a_runtime(rust):
    """Every thread has a segment of its own; some call while others are between two calls."""
    wrong = []

    def work(k):
        for _ in range(20):
            place = rust.open(one("ExpanderNode", {"expansion_factor": 5000}))
            if run(place, [0], [k]) != ([k] * 5000, None):
                wrong.append(k)
            place.metrics()
            place.close()

    in_threads(work)
    assert wrong == []


def in_threads(work):
    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_an_address_in_the_upper_half_of_the_memory(rust, monkeypatch):
    """The module's addresses are unsigned, wasmtime gives them as signed numbers."""
    call = rust.call
    low = []

    def signed(name, *arguments):
        result = call(name, *arguments)
        if name != "rm_alloc":
            return result
        low.append(result)
        return result - 2**32

    monkeypatch.setattr(rust, "call", signed)
    array = np.arange(3_000_000, dtype=np.float64)
    (again,), error = run(rust.open(one("PassThroughNode")), [0], [array])
    assert error is None
    assert low
    np.testing.assert_array_equal(array, again)


def test_a_packet_whose_length_is_no_32_bit_number(rust, monkeypatch):
    monkeypatch.setattr("remotemedia._hosts.rust_segment.packed_size", lambda *_: 0xFFFFFFF0)
    _, error = run(rust.open(one("PassThroughNode")), [0], [1])
    assert isinstance(error, NodeError)
    assert "too many for one crossing" in error.message


class GiveAtTheEndNode(Node):
    """Gives one item, at the end."""

    def process(self, item):
        return None

    def flush(self):
        return 1


class SameNode(Node):
    """Gives what it gets, in Python."""

    def process(self, item):
        return item


def test_a_trap_in_the_flush_round_is_the_error_of_the_run(monkeypatch):
    manifest = chain([("GiveAtTheEndNode", {}), ("AddNode", {}), ("SameNode", {}), ("AddNode", {})])
    pipeline = Pipeline.from_manifest(
        manifest, node_types=[GiveAtTheEndNode, SameNode], enable_metrics=True
    )
    assert [part["runtime"] for part in pipeline.plan()["segments"]] == ["python", "rust"] * 2
    rust = pipeline._plans.get().rust
    broken = _Exports(rust._exports, rust, "rm_segment_flush")
    monkeypatch.setattr(rust, "_exports", broken)
    with pytest.raises(NodeError, match="the Rust module failed") as caught:
        pipeline.run_sync([1])
    assert caught.value.delivered == {"n3": []}
    assert pipeline.run_sync([1]) == [1]


def test_metrics_tell_how_long_the_module_took_to_load():
    pipeline = Pipeline.from_manifest(chain([("AddNode", {})]), enable_metrics=True)
    pipeline.run_sync(1)
    assert pipeline.get_metrics()["load_metrics"]["wasm_ms"] > 0


class TestLoading:
    def test_it_is_available(self):
        assert is_rust_runtime_available()

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (None, "cannot be read"),
            (b"no module", "is not a module"),
            (b"\0asm\x01\0\0\0", "cannot be started"),
        ],
    )
    def test_what_cannot_be_loaded(self, content, message, tmp_path, monkeypatch):
        path = tmp_path / "runtime.wasm"
        if content is not None:
            path.write_bytes(content)
        monkeypatch.setenv(PATH_VARIABLE, str(path))
        with pytest.raises(RuntimeLoadError, match=message):
            RustRuntime.load()
        assert not is_rust_runtime_available()


@pytest.mark.parametrize("hint", ["rust", "python"])
@pytest.mark.parametrize("end", [0, 1, 3])
def test_a_tick_that_only_finds_the_end_is_not_counted(hint, end):
    pipeline = Pipeline.from_manifest(
        chain([("RangeGeneratorNode", {"end": end})]), runtime_hint=hint, enable_metrics=True
    )
    assert pipeline.run_sync() == list(range(end))
    assert pipeline.get_metrics()["node_metrics"][0]["execution_count"] == end
