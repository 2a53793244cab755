from remotemedia._catalog import Catalog
from remotemedia._manifest import validate
from remotemedia._registry import Registry
from remotemedia._segment import plan_of_one


def plan(nodes, connections):
    manifest = {
        "version": "v1",
        "nodes": [{"id": name, "node_type": "EchoNode"} for name in nodes],
        "connections": [{"from": a, "to": b} for a, b in connections],
    }
    normal, issues = validate(manifest, Catalog({"python": Registry().catalog()}))
    assert not issues
    return plan_of_one(normal, metrics=True, requires=[])


def test_edges_are_sources_then_sinks():
    made = plan(["d", "a", "b"], [("a", "d")])
    assert made["sources"] == ["a", "b"]
    assert made["sinks"] == ["d", "b"]
    assert made["inputs"] == [
        {"edge": 0, "node": "a", "segment": 0, "generates": False},
        {"edge": 1, "node": "b", "segment": 0, "generates": False},
    ]
    assert [output["edge"] for output in made["outputs"]] == [2, 3]
    assert made["graph_info"] == {
        "node_count": 3,
        "connection_count": 1,
        "source_count": 2,
        "sink_count": 2,
        "execution_order": ["a", "d", "b"],
    }


def test_the_segment_is_a_manifest_with_pseudo_nodes():
    (segment,) = plan(["d", "a"], [("a", "d")])["segments"]
    assert (segment["place"], segment["metrics"]) == ("python", True)
    assert [node["id"] for node in segment["nodes"]] == ["__in_0", "a", "d", "__out_1"]
    assert segment["nodes"][1] == {
        "id": "a",
        "node_type": "EchoNode",
        "params": {},
        "order": 0,
        "on_error": "fail",
    }
    assert segment["connections"] == [
        {"from": "__in_0.out", "to": "a.in"},
        {"from": "a.out", "to": "d.in"},
        {"from": "d.*", "to": "__out_1.in"},
    ]
