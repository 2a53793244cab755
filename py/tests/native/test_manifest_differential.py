"""Random manifests, right and wrong, are judged and completed alike by Rust and by Python."""

import copy
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vectors import difference

from remotemedia import ManifestError, Pipeline, RemoteMediaError
from remotemedia._catalog import Catalog
from remotemedia._hosts.wasmtime import RustRuntime
from remotemedia._manifest import as_json, validate
from remotemedia._registry import Registry
from remotemedia._schema import HINTS

EXAMPLES = 30_000 if os.environ.get("REMOTEMEDIA_LONG") else 2_000


def entry(
    name, properties, *, required=(), inputs=("in",), outputs=("out",), aliases=(), more=False
):
    return {
        "type": name,
        "aliases": list(aliases),
        "params": {
            "required": list(required),
            "properties": properties,
            "additionalProperties": more,
        },
        "inputs": {port: {"kinds": ["any"]} for port in inputs},
        "outputs": {port: {"kinds": ["any"]} for port in outputs},
    }


NAMES = {"type": "array", "items": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
         "minItems": 1, "uniqueItems": True}  # fmt: skip
LIMITS = {
    "low": {"type": "number", "minimum": -1.5, "aliases": ["lower"], "default": 1},
    "high": {"type": "integer", "maximum": 10, "aliases": ["upper", "top"]},
    "between": {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 2**53},
    "word": {"enum": ["a", 1, True, None, [1.0], {"b": 2}], "default": "a"},
    "flag": {"type": "boolean"},
    "text": {"type": "string", "pattern": "^[a-f._-]+$"},
    "table": {"type": "array", "items": {"type": "array", "items": {"type": "integer"},
                                         "uniqueItems": True}},
    "set": {"type": "array", "uniqueItems": True},
    "any": {"minimum": 0},
    "object": {"type": "object", "default": {"a": [1]}},
    "nothing": {"type": "null"},
}  # fmt: skip
FURTHER = [
    entry("LimitsNode", LIMITS, required=["high"], aliases=["Limits", "EchoNode"]),
    entry("JoinNode", {"ports": NAMES}, required=["ports"], inputs=["$ports"]),
    entry("MixedNode", {"ports": {**NAMES, "default": ["x"]}}, inputs=["$ports", "main"]),
    entry("OpenNode", {"n": {"type": "integer", "default": 1, "aliases": ["m"]}}, more=True),
    entry("TickNode", {}, inputs=[], outputs=["out", "more"]),
    entry("ForkNode", {}, inputs=["in", "side"], outputs=["left", "right"]),
]

IDS = ["a", "b", "c", "d-1", "E_2"]
BAD_IDS = ["a.b", "", "__x", "ü", "a b"]
PORTS = ["in", "out", "x", "y", "side", "main", "left", "more", "", "$ports", "*"]
LISTS = [["x"], ["x", "y"], ["in", "x"], ["x", "x"], [], ["a b"], ["x\n"], ["é"], "x", [1, 1.0]]
VERSIONS = ["0.1.0", "0.1", "0.2", "00.1.0-rc.1", "1", "0.1.0.0", "v1", "", "0..1", "9" * 20]
NUMBERS = [0, -1, 1, 2, 0.5, 2.0, -0.0, 10, 11, 1e300, -1e-300, 2**31, 2**32, 2**53, 2**53 + 1,
           float(2**53 - 1), 2**63 - 1, 2**63, 2**64, 10**30, 10**30 + 1, -(2**63)]  # fmt: skip
WORDS = ["", "a", "auto", "rust", "js", "cpython", "skip", "v1", "wasm32-wasip1", "__proto__", "\0",
         "é", "a\n", "😀", "NaN", "uppercase", 'the "key"', "MultiplyNode", "a.out"]  # fmt: skip
LEAVES = st.one_of(
    st.sampled_from(NUMBERS), st.sampled_from(WORDS), st.integers(), st.none(), st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
LIKELY = {"object": [{"k": 1}, {}], "boolean": [True, False], "null": [None],
          "array": [[1, True], [[], 0, False], [["a", "a"]], [[1, 1]], [[1, 2], [3]], []], "string": ["a-f", "._", "g"],
          "integer": [7, 7.0, 1], "number": [2.5, 1]}  # fmt: skip
"""Values of a type."""
NEARLY = [[1, 1.0], [[1, 1.0], [1]], [True, 1], [[1, True]], [{"a": 1}, {"a": 1.0}], [[], []], True,
          False, 1.0, [1], [True], {"b": 2.0}, {"b": True}, "aa", "b\n", -1.5, -1.6, 0, 2**53,
          2**53 - 1, 10, 11, 10.0, 10.5, [2**70, 2**70 + 1], [2**53, 2.0**53], [-0.0, 0], [None, None],
          [0.1, 0.1]]  # fmt: skip
"""Values at the edge of the rules."""
KEYS = st.sampled_from(["x", "a b", "id", "params", "retry", "factor", "é", "", "2x", "__proto__"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def judges():
    """Return what judges a manifest in Rust and in Python, with the same catalogs."""
    rust = RustRuntime.load()
    python = [*Registry().catalog(), *FURTHER]
    catalog = Catalog({"rust:runtime": rust.catalog(), "python": python})
    params = {
        name: list(catalog.find(name)["params"]["properties"].items())
        for name in catalog._places[0][1] | catalog._places[1][1]
    }

    catalogs = json.dumps({"python": python})

    def in_rust(manifest, hint):
        text = json.dumps(manifest)
        request = f'{{"manifest": {text}, "catalogs": {catalogs}, "runtime_hint": "{hint}"}}'
        answer = rust.plan(request)
        segments = answer.get("plan", {}).get("segments", ())
        nodes = [node for segment in segments for node in segment["nodes"] if "order" in node]
        issues = answer["issues"] if "issues" in answer else answer["warnings"]
        keys = [(issue["severity"], issue["code"], issue["path"]) for issue in issues]
        return sorted(keys), sorted(nodes, key=lambda node: node["order"])

    def in_python(manifest, hint):
        normal, issues = validate(as_json(manifest), catalog, hint)
        nodes = [{"on_error": "fail", **node} for node in normal.nodes] if normal else []
        keys = [(issue.severity, issue.code, issue.path) for issue in issues]
        return sorted(keys), sorted(nodes, key=lambda node: node["order"])

    return in_rust, in_python, params


def rarely(draw):
    """Draw whether something is wrong; by default, and in the simplest example, it is not."""
    return draw(st.integers(0, 11)) == 11


@st.composite
def values(draw, name, spec):
    """Draw the value of a param, mostly a right one."""
    if rarely(draw):
        return draw(st.sampled_from(NEARLY) | LEAVES)
    if name == "ports":
        return draw(st.sampled_from(LISTS if rarely(draw) else LISTS[:3]))
    likely = [*spec.get("enum", ()), *LIKELY.get(spec.get("type"), [3])]
    return draw(st.sampled_from(likely[:6]))


@st.composite
def nodes(draw, name, params):
    """Draw a node."""
    kinds = [*sorted(params), *(entry["type"] for entry in FURTHER * 3), *["LimitsNode"] * 8]
    kind = "Nope" if rarely(draw) else draw(st.sampled_from(kinds))
    given = {}
    for param, spec in params.get(kind, ()):
        names = [param, *spec.get("aliases", ())]
        if param in {"ports", "high"} or draw(st.booleans()):
            given[draw(st.sampled_from(names))] = draw(values(param, spec))
        if rarely(draw):
            given[draw(st.sampled_from([*names, "rate", "__proto__"]))] = draw(values(param, spec))
    node = {"id": name, "node_type": kind, "params": given}
    if draw(st.integers(0, 5)) == 5:
        fields = st.sampled_from(["max_retries", "base_delay_ms", "max_delay_ms", "multiplier"])
        numbers = st.sampled_from(NUMBERS if draw(st.booleans()) else [1, 2.0, 10])
        node["retry"] = draw(st.dictionaries(fields, numbers, max_size=4))
        node["timeout_ms"] = draw(numbers)
        node["on_error"] = "Skip" if rarely(draw) else draw(st.sampled_from(["fail", "skip"]))
    if rarely(draw):
        node["runtime_hint"] = draw(st.sampled_from([*HINTS, "gpu"]))
    return node


@st.composite
def endpoint(draw, ids, default, ports):
    """Draw an end of a connection: mostly a port that the node has."""
    if rarely(draw):
        return draw(st.sampled_from([*WORDS, *BAD_IDS]))
    name = draw(st.sampled_from(ids))
    port = draw(st.sampled_from(PORTS if rarely(draw) else ports[name]))
    return name if port == default and draw(st.booleans()) else f"{name}.{port}"


@st.composite
def manifests(draw, params):
    """Draw a manifest near the grammar: mostly right, then changed here and there."""
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=5, unique=True))
    if rarely(draw):
        ids.append(draw(st.sampled_from([*IDS, *BAD_IDS])))
    found = [draw(nodes(name, params)) for name in ids]
    inputs, outputs = {}, {}
    for node in found:
        inputs[node["id"]], outputs[node["id"]] = ports_of(node)
    wires = []
    for i, end in enumerate(ids):
        for begin in ids[:i] if not rarely(draw) else ids:
            if inputs[end] and draw(st.booleans()):
                start, finish = endpoint([begin], "out", outputs), endpoint([end], "in", inputs)
                wires.append({"from": draw(start), "to": draw(finish)})
    manifest = {"version": "v1", "nodes": found, "connections": wires}
    if rarely(draw):
        manifest["runtime"] = {"target": "wasm32-wasi", "features": ["python"],
                               "min_version": draw(st.sampled_from(VERSIONS))}  # fmt: skip
        manifest["metadata"] = {"name": "n", "author": draw(LEAVES), "more": 1}
    if rarely(draw) and rarely(draw):
        manifest["nodes"] = []
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2, 5]))):
        manifest = draw(changed(manifest))
    return manifest


def ports_of(node):
    """Return the ports that a connection may name, or something for a node that is wrong."""
    known = next((entry for entry in FURTHER if entry["type"] == node["node_type"]), None)
    named = node["params"].get("ports", ["x"])
    named = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
    inputs = [port for port in (known or {"inputs": ["in"]})["inputs"] if port != "$ports"]
    if node["node_type"] in ("JoinNode", "MixedNode", "ZipNode"):
        inputs = [*inputs, *named] if known else named
    return inputs, [*(known or {"outputs": ["out"]})["outputs"]]


@st.composite
def changed(draw, manifest):
    """Draw a change of one place: replaced, left out, doubled, or with something more."""
    manifest = copy.deepcopy(manifest)
    places = [*inside([manifest])]
    owner, key = draw(st.sampled_from(places))
    change = draw(st.sampled_from(["replace", "leave out", "double", "add"]))
    if change == "leave out" and owner[key] is not manifest:
        del owner[key]
    elif change == "double" and isinstance(owner, list) and owner[key] is not manifest:
        owner.append(copy.deepcopy(owner[key]))
    elif change == "add" and isinstance(owner[key], dict):
        owner[key][draw(KEYS | st.sampled_from(WORDS))] = draw(VALUES)
    elif owner[key] is manifest:
        return draw(VALUES)
    else:
        owner[key] = draw(VALUES)
    return manifest


def inside(owner):
    for key in range(len(owner)) if isinstance(owner, list) else owner:
        yield owner, key
        if isinstance(owner[key], (list, dict)):
            yield from inside(owner[key])


def test_random_manifests_are_judged_alike(judges):
    in_rust, in_python, params = judges
    seen = {}

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(manifests(params), st.sampled_from(["auto", "auto", "auto", "rust", "python", "js"]))
    def agree(manifest, hint):
        issues, completed = in_rust(manifest, hint)
        python_issues, python_completed = in_python(manifest, hint)
        assert python_issues == issues
        assert len(issues) == len(set(issues))
        assert difference(python_completed, completed) is None
        for code in {code for _, code, _ in issues} or {"valid"}:
            seen[code] = seen.get(code, 0) + 1

    agree()
    rare = {code: seen.get(code, 0) for code in CODES if seen.get(code, 0) < EXAMPLES // 500}
    assert not rare, f"hardly ever: {rare}"


CODES = ["valid", "wrong_type", "missing_field", "unknown_field", "version_mismatch", "no_nodes",
         "bad_id", "duplicate_id", "unknown_type", "unknown_param", "bad_param", "bad_value",
         "unavailable_runtime", "unknown_endpoint", "unknown_port", "duplicate_connection",
         "cycle"]  # fmt: skip


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "readable"),
    [(10**400, False), (float("inf"), False), (float("nan"), False), ("\ud800", False),
     (nested(252), True), (nested(253), False), (nested(2000), False), (10**300, True),
     ({"\udfff": 1}, False), ({1: 2, None: 3}, True), ((1, 2), True)],
    ids=["10**400", "inf", "nan", "surrogate", "252 levels", "253 levels", "2000 levels", "10**300",
         "surrogate key", "keys", "tuple"],
)  # fmt: skip
def test_what_is_no_json_is_refused_alike(judges, value, readable):
    in_rust, in_python, _ = judges
    node = {"id": "a", "node_type": "EchoNode", "extra": value}
    manifest = {"version": "v1", "nodes": [node]}
    if readable:
        assert in_rust(manifest, "auto") == in_python(manifest, "auto")
        return
    with pytest.raises((RemoteMediaError, RecursionError, ValueError)):
        in_rust(manifest, "auto")
    with pytest.raises(ManifestError, match="not JSON") as caught:
        in_python(manifest, "auto")
    assert [(issue.code, issue.path) for issue in caught.value.issues] == [("wrong_type", "$")]


@pytest.mark.parametrize("hint", ["auto", "python"])
@pytest.mark.parametrize(
    ("text", "readable"),
    [("1e400", False), ("9" * 400, False), (r'"\ud800"', False), ("NaN", False), ("", False),
     ("[" * 254 + "]" * 254, False), ("[" * 253 + "]" * 253, True), ("1e300", True),
     ('{"a": 1, "a": 2}', True), (r'"\ud83d\ude00"', True)],
    ids=lambda value: str(value)[:20],
)  # fmt: skip
def test_text_is_read_as_in_javascript(text, readable, hint):
    """The same cases as in web/tests/manifest-text.test.ts."""
    node = '{"id": "a", "node_type": "CounterNode", "params": {"initial_count": 9007199254740993}}'
    manifest = f'{{"version": "v1", "metadata": {{"extra": {text}}}, "nodes": [{node}]}}'
    if readable:
        pipeline = Pipeline.from_json(manifest, runtime_hint=hint)
        assert pipeline.run_sync([None]) == [{"count": 9007199254740994, "input": None}]
        return
    with pytest.raises(ManifestError, match="not JSON") as caught:
        Pipeline.from_json(manifest, runtime_hint=hint).run_sync([])
    assert [(issue.code, issue.path) for issue in caught.value.issues] == [("wrong_type", "$")]
