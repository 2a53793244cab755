import copy
import time

import pytest
from segments import chain
from vectors import load_all

from remotemedia._catalog import Catalog
from remotemedia._graph import canonical_order
from remotemedia._manifest import is_at_most, validate
from remotemedia._registry import Registry

PYTHON_ONLY = {"TextProcessorNode", "DataTransformNode", "SpeechSegmentsNode"}
VECTORS = load_all("manifests")
PLANS = load_all("plans")
PIPELINES = {
    name: vector
    for name, vector in load_all("pipelines").items()
    # Nodes without a twin in Python are in no catalog that Python has.
    if vector.get("runtimes") != ["rust"]
}


@pytest.fixture(scope="module")
def catalog():
    return full_catalog()


def full_catalog(further=()):
    """All built-in nodes of both languages: those that have a twin in Rust have equal entries."""
    entries = Registry().catalog()
    twins = [entry | {"runtime": "rust"} for entry in entries if entry["type"] not in PYTHON_ONLY]
    return Catalog({"rust:runtime": twins, "python": [*entries, *further]})


@pytest.mark.parametrize("name", VECTORS)
def test_vectors(name):
    vector = VECTORS[name]
    catalog = full_catalog(vector.get("catalog", ()))
    before = copy.deepcopy(vector["manifest"])
    normal, issues = validate(vector["manifest"], catalog)
    found = {(issue.code, issue.path, issue.severity) for issue in issues}
    assert found == {(i["code"], i["path"], i["severity"]) for i in vector["issues"]}
    assert len(issues) == len(vector["issues"])
    assert (normal is None) == any(i["severity"] == "error" for i in vector["issues"])
    assert vector["manifest"] == before


@pytest.mark.parametrize("name", PIPELINES)
def test_the_manifests_of_pipelines_are_valid(name, catalog):
    normal, issues = validate(PIPELINES[name]["manifest"], catalog)
    assert normal is not None, issues


def test_the_normal_form_is_complete(catalog):
    manifest = {
        "version": "v1",
        "metadata": {"name": "mine"},
        "nodes": [
            {"id": "b", "node_type": "Echo", "retry": {"max_retries": 1.0}},
            {"id": "a", "node_type": "MultiplyNode", "params": {"multiplier": 3}, "timeout_ms": 5},
        ],
        "connections": [{"from": "a", "to": "b.in"}],
    }
    normal, _ = validate(manifest, catalog)
    retry = {"max_retries": 1, "base_delay_ms": 100, "max_delay_ms": 400, "multiplier": 2}
    assert normal.name == "mine"
    assert normal.nodes == [
        {"id": "b", "node_type": "EchoNode", "params": {}, "retry": retry, "order": 1},
        {
            "id": "a",
            "node_type": "MultiplyNode",
            "params": {"factor": 3},
            "timeout_ms": 5,
            "order": 0,
        },
    ]
    assert normal.connections == [{"from": "a.out", "to": "b.in"}]


def test_a_cycle_is_named(catalog):
    manifest = chain([("EchoNode", {})] * 4)
    manifest["connections"].append({"from": "n3", "to": "n1"})
    _, issues = validate(manifest, catalog)
    assert [issue.actual for issue in issues] == [["n1", "n2", "n3", "n1"]]


def test_issues_tell_what_was_expected(catalog):
    manifest = chain([("MultiplyNod", {}), ("AddNode", {"addnd": 1})])
    _, issues = validate(manifest, catalog)
    assert issues[0].expected == ["MultiplyNode"]
    assert issues[1].expected == ["addend"]


def test_a_default_hint_that_nothing_satisfies(catalog):
    _, issues = validate(chain([("TextProcessorNode", {})]), catalog, "rust")
    assert [(i.code, i.path) for i in issues] == [("unavailable_runtime", "$.nodes[0].node_type")]


def test_ties_go_by_manifest_order():
    links = [("d", "a"), ("c", "a"), ("b", "c")]
    assert canonical_order(["a", "b", "c", "d"], links) == ["b", "c", "d", "a"]


def test_large_manifests_take_no_time(catalog):
    nodes = 3000
    manifest = chain([("EchoNode", {})] * nodes)
    start = time.perf_counter()
    normal, _ = validate(manifest, catalog)
    assert len(normal.nodes) == nodes
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("version", "holds"),
    [("0.1.0", True), ("0.1", True), ("0.0.99", True), ("0.1.1", False), ("1", False),
     ("0.1.0.1", False), ("", False), ("v0.1", False), ("0.1.0-beta", True)],
)  # fmt: skip
def test_versions(version, holds):
    assert is_at_most(version, "0.1.0") is holds


@pytest.mark.parametrize(
    ("retries", "code"),
    [(2**32, "bad_value"), (1e300, "bad_value"), (2**70, "bad_value"), (0.5, "wrong_type")],
)
def test_retries_have_a_limit(catalog, retries, code):
    _, issues = validate(chain([("EchoNode", {}, {"retry": {"max_retries": retries}})]), catalog)
    assert [issue.code for issue in issues] == [code]


@pytest.mark.parametrize("version", ["9" * 5000, "\u0660.1", "0.0.0.1", "0..1", "", "-1", "0.1x"])
def test_versions_that_are_none(version):
    assert not is_at_most(version, "0.1.0")


@pytest.mark.parametrize("version", ["0.1.0-rc.1", "0.1+x", "0" * 5000, "0.01"])
def test_versions_that_are_not_newer(version):
    assert is_at_most(version, "0.1.0")
