"""Random graphs give the same in Python alone, in Rust alone, and split between them."""

import json
import os

import pytest
from graphs import cases
from hypothesis import HealthCheck, Phase, given, settings
from vectors import difference

from remotemedia import Pipeline, RemoteMediaError, _runner
from remotemedia._json_form import to_json_form

EXAMPLES = 2000 if os.environ.get("REMOTEMEDIA_LONG") else 300
TOLERANCE = 1e-5
"""Of resampled audio; everything else is equal, but a tolerance for parts would need a plan."""

thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def with_hints(manifest, hint):
    nodes = [node | {"runtime_hint": hint} for node in manifest["nodes"]]
    return manifest | {"nodes": nodes}


def outcome(manifest, given_):
    """Return sinks, the error's place, and how many calls were skipped."""
    pipeline = Pipeline.from_manifest(manifest)
    arguments = [given_["input"]] if "input" in given_ else []
    options = {"sources": given_["sources"]} if "sources" in given_ else {}
    try:
        sinks = pipeline.run_sync(*arguments, **options, by_sink=True)
    except RemoteMediaError as error:
        place = [type(error).__name__, error.node_id, error.node_type, error.item_index]
        return [error.delivered, place, None]
    return [sinks, None, pipeline.skipped["count"]]


def found(case):
    """Return how runtimes differ in a case, None if they do not."""
    python = outcome(with_hints(case.manifest, "python"), case.given)
    others = [("rust", with_hints(case.manifest, "rust")), ("hybrid", case.manifest)]
    for name, manifest in others:
        differs = difference(python, outcome(manifest, case.given), TOLERANCE)
        if differs:
            shown = json.dumps(to_json_form(case.given))
            return f"python and {name} differ at {differs}\n{json.dumps(manifest)}\n{shown}"
    return None


def agrees(case):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_runner, "BATCH_ITEMS", case.batch)
        message = found(case)
    assert message is None, message


@thorough
@given(cases())
def test_engines_agree(case):
    agrees(case)


def test_the_graphs_are_worth_it():
    """They hold errors, fan-in, several segments, all kinds of nodes, and runs without an error."""
    seen = dict.fromkeys(["fan-in", "segments", "sinks", "skip", "zip", "range", "sources"], 0)
    seen |= dict.fromkeys(["large", "audio", "failed", "good"], 0)

    @settings(thorough, max_examples=100, phases=[Phase.generate])
    @given(cases())
    def look(case):
        nodes = case.manifest["nodes"]
        types = {node["node_type"] for node in nodes}
        ends = [connection["to"] for connection in case.manifest["connections"]]
        plan = Pipeline.from_manifest(case.manifest).plan()
        _, error, _ = outcome(case.manifest, case.given)
        seen["fan-in"] += len(ends) > len(set(ends))
        seen["segments"] += len(plan["segments"]) >= 3
        seen["sinks"] += len(plan["sinks"]) > 1
        seen["skip"] += any("on_error" in node for node in nodes)
        seen["zip"] += "ZipNode" in types
        seen["range"] += "RangeGeneratorNode" in types
        seen["sources"] += "sources" in case.given
        seen["large"] += len(nodes) > 15
        seen["audio"] += bool(types & {"VADNode", "AudioResampleNode"})
        seen["failed"] += error is not None
        seen["good"] += error is None

    look()
    assert min(seen.values()) >= 5, seen


def test_a_difference_is_found_and_shrinks(monkeypatch):
    """An engine that is wrong about one node shows in a graph with little else."""
    original = outcome

    def wrong(manifest, given_):
        sinks, error, skipped = original(manifest, given_)
        counts = any(node["node_type"] == "CounterNode" for node in manifest["nodes"])
        is_python = all(node["runtime_hint"] == "python" for node in manifest["nodes"])
        return [sinks, error or ["wrong"] if counts and is_python else error, skipped]

    monkeypatch.setitem(globals(), "outcome", wrong)
    with pytest.raises(AssertionError) as caught:
        test_engines_agree()
    manifest = json.loads(str(caught.value).splitlines()[1])
    assert [node["node_type"] for node in manifest["nodes"]] == ["CounterNode"]
