"""Random pipelines go to JSON and back without loss, from manifests and from code."""

import json

from graphs import cases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remotemedia import Pipeline
from remotemedia.nodes import PassThroughNode, ZipNode

WORDS = st.dictionaries(st.sampled_from(["name", "author", "license", "mine"]), st.text(max_size=5))

untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def manifests(draw):
    """Return a manifest with every field that there is, and some that there are not."""
    manifest = draw(cases()).manifest
    for node in manifest["nodes"]:
        if draw(st.booleans()):
            node["timeout_ms"] = draw(st.integers(1, 9999) | st.floats(1, 9999))
        if draw(st.booleans()):
            node["params"] = {}
            node["node_type"] = "PassThroughNode"
    more = {
        "metadata": WORDS,
        "runtime": st.just({"target": "wasm32-wasip1", "features": ["python"]}),
    }
    more["mine"] = st.lists(st.integers(), max_size=2)
    return manifest | {name: draw(value) for name, value in more.items() if draw(st.booleans())}


@untimed
@given(manifests())
def test_manifests(manifest):
    text = Pipeline.from_manifest(manifest).serialize()
    assert Pipeline.from_json(text).serialize() == text
    written = json.loads(text)
    assert written | {"nodes": 0} == manifest | {"nodes": 0}
    for before, after in zip(manifest["nodes"], written["nodes"], strict=True):
        assert after | {"params": 0} == before | {"params": 0}
        assert after["params"].items() >= before["params"].items()


@untimed
@given(st.data())
def test_graphs_in_code(data):
    """Every connection that is written with `>>` is in the manifest, once, and no other."""
    count = data.draw(st.integers(1, 8))
    nodes = [ZipNode(ports=["left", "right"], name=f"n{i}") for i in range(count)]
    pairs = st.tuples(
        st.integers(0, count - 1), st.integers(0, count - 1), st.sampled_from(["left", "right"])
    )
    chosen = [(a, b, port) for a, b, port in data.draw(st.lists(pairs, max_size=15)) if a < b]
    start = PassThroughNode(name="start")
    flows = [start >> nodes[0]["left"], *(nodes[a] >> nodes[b][port] for a, b, port in chosen)]
    manifest = json.loads(Pipeline(flows).serialize())
    found = [(each["from"], each["to"]) for each in manifest["connections"]]
    wanted = [("start", "n0.left"), *((f"n{a}", f"n{b}.{port}") for a, b, port in chosen)]
    assert found == list(dict.fromkeys(wanted))
    assert Pipeline.from_manifest(manifest).serialize() == Pipeline(flows).serialize()
