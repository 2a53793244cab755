"""Pipelines in code: `>>`, branches, ports, ids, options; and the way to JSON and back."""

import json

import pytest

from remotemedia import ManifestError, Node, Out, Pipeline, node
from remotemedia.nodes import (
    AddNode,
    BatcherNode,
    MultiplyNode,
    PassThroughNode,
    RangeGeneratorNode,
    ZipNode,
)


class SplitNode(Node):
    """Sends odd numbers to `rest`."""

    outputs = {"out": ("number",), "rest": ("number",)}

    def process(self, item):
        return Out("rest", item) if item % 2 else item


def joins(flow):
    manifest = json.loads(Pipeline(flow).serialize())
    return [f"{each['from']} {each['to']}" for each in manifest["connections"]]


def named(*names):
    return [PassThroughNode(name=name) for name in names]


def test_a_diamond_keeps_the_order_of_its_branches():
    a, b, c, d = (
        named("a"),
        MultiplyNode(factor=2, name="b"),
        AddNode(addend=10, name="c"),
        named("d"),
    )
    flow = a[0] >> [b, c] >> d[0]
    assert joins(flow) == ["a b", "a c", "b d", "c d"]
    assert Pipeline(flow, runtime_hint="python").run_sync([7, 8]) == [14, 17, 16, 18]


def test_parts_of_any_form():
    a, b, c, d, e = named(*"abcde")
    assert joins([a, b] >> c) == ["a c", "b c"]
    assert joins(a >> (b >> c) >> d) == ["a b", "b c", "c d"]
    assert joins(a >> [b >> c, d] >> e) == ["a b", "a d", "b c", "c e", "d e"]
    assert joins(a >> [b, [c, d]] >> e) == ["a b", "a c", "a d", "b e", "c e", "d e"]
    assert joins([a >> b, c >> d]) == ["a b", "c d"]
    assert joins([a >> b, a >> b >> c]) == ["a b", "b c"]
    assert joins(a) == joins([a]) == joins([]) == []


def test_ports():
    split, both = SplitNode(name="s"), ZipNode(ports=["left", "right"], name="z")
    a, b, c = named(*"abc")
    flow = [a >> split >> b >> both["left"], split["rest"] >> both["right"] >> c]
    assert joins(flow) == ["a s", "s b", "b z.left", "s.rest z.right", "z c"]
    assert Pipeline(flow, runtime_hint="python").run_sync([2, 1]) == [{"left": 2, "right": 1}]


def test_an_instance_is_one_node_and_ids_are_names():
    a, b = MultiplyNode(), MultiplyNode()
    nodes = json.loads(Pipeline([a >> b, a >> PassThroughNode(name="the end")]).serialize())[
        "nodes"
    ]
    assert [each["id"] for each in nodes] == ["MultiplyNode_0", "MultiplyNode_1", "the_end"]
    twins = json.loads(Pipeline([*named("x", "x", "AddNode_0"), AddNode()]).serialize())["nodes"]
    assert [each["id"] for each in twins] == ["x", "x_1", "AddNode_0", "AddNode_3"]


def test_several_sources_and_sinks():
    mic, text = named("mic", "text")
    both = ZipNode(ports=["a", "b"], name="both")
    left, right = named("left", "right")
    flow = [mic >> both["a"], text >> both["b"], both >> [left, right]]
    given = {"mic": [1], "text": ["x"]}
    result = Pipeline(flow, runtime_hint="python").run_sync(sources=given)
    assert result == {"left": [{"a": 1, "b": "x"}], "right": [{"a": 1, "b": "x"}]}


def test_what_cannot_be_joined():
    a, b, c = named(*"abc")
    for wrong, message in [
        (lambda: a >> AddNode, r"AddNode is a class: write AddNode\(\.\.\.\)"),
        (lambda: AddNode >> a, "AddNode is a class"),
        (lambda: Pipeline(AddNode), "AddNode is a class"),
        (lambda: a >> [], "lists of them that are not empty"),
        (lambda: a >> 3, "not 3"),
        (lambda: (a >> b)["rest"], "which node's port 'rest'"),
        (lambda: Pipeline([a >> b, c]), "this one has both"),
    ]:
        with pytest.raises(TypeError, match=message):
            wrong()
    with pytest.raises(
        ValueError, match="PassThroughNode has no port 'rest'; inputs: in; outputs: out"
    ):
        a["rest"]
    with pytest.raises(ValueError, match="inputs: none"):
        RangeGeneratorNode()["in"]
    with pytest.raises(ValueError, match="stands twice"):
        Pipeline([a, b, a])
    with pytest.raises(ValueError, match="is in the pipeline already"):
        Pipeline([a]).add_node(a)
    with pytest.raises(ManifestError, match="cycle"):
        Pipeline(a >> b >> a, runtime_hint="python").plan()


def test_add_node_goes_on_from_the_last_node():
    a, b, c = named(*"abc")
    pipeline = Pipeline(a >> b).add_node(c)
    assert json.loads(pipeline.serialize())["connections"][-1] == {"from": "b", "to": "c"}


def test_options_of_nodes():
    add = (
        AddNode(addend=1)
        .configure(timeout_ms=500, on_error="skip")
        .configure(retry={"max_retries": 1})
    )
    pipeline = Pipeline(add, runtime_hint="python")
    (written,) = json.loads(pipeline.serialize())["nodes"]
    assert written == {
        "id": "AddNode_0", "node_type": "AddNode", "params": {"addend": 1},
        "timeout_ms": 500, "on_error": "skip", "retry": {"max_retries": 1},
    }  # fmt: skip
    assert pipeline.run_sync([1, "x"]) == [2]
    assert pipeline.skipped["count"] == 1


def test_a_pipeline_keeps_its_own_copy():
    words = ZipNode(ports=["a"])
    manifest = {"version": "v1", "nodes": [{"id": "n", "node_type": "AddNode"}], "connections": []}
    first, second = Pipeline(words), Pipeline.from_manifest(manifest, runtime_hint="python")
    words.params["ports"].append("b")
    second.add_node(AddNode(addend=1))
    assert json.loads(first.serialize())["nodes"][0]["params"]["ports"] == ["a"]
    assert len(manifest["nodes"]) == 1 and manifest["connections"] == []
    assert second.run_sync(1) == 2


def test_serialize_completes_params():
    manifest = {
        "version": "v1",
        "nodes": [
            {"id": "a", "node_type": "MultiplyNode", "params": {"multiplier": 3}},
            {"id": "b", "node_type": "BatcherNode"},
            {"id": "c", "node_type": "NoSuchNode", "params": {"x": 1}},
            {"id": "d", "node_type": "AddNode", "params": {"addend": "wrong"}},
            {"id": "e", "node_type": "Echo"},
        ],
    }
    written = json.loads(Pipeline.from_manifest(manifest).serialize())["nodes"]
    assert [each.get("params") for each in written] == [
        {"factor": 3}, BatcherNode().params, {"x": 1}, {"addend": "wrong"}, {},
    ]  # fmt: skip
    assert "params" not in manifest["nodes"][1]
    for odd in (None, [], {"nodes": 3}, {"nodes": [None, {"node_type": []}]}):
        assert json.loads(Pipeline.from_manifest(odd or {}).serialize()) == (odd or {})


def test_types_of_your_own_are_asked_for():
    @node
    def mine(item):
        return item

    text = Pipeline(mine()).serialize()
    with pytest.raises(ManifestError, match="unknown type 'mine'") as caught:
        Pipeline.from_json(text, runtime_hint="python").run_sync(1)
    assert "node_types=[MyNode]" in caught.value.__notes__[0]
    assert Pipeline.from_json(text, node_types=[mine], runtime_hint="python").run_sync(1) == 1
