import sys
import xml.etree.ElementTree as ET

import pytest

from remotemedia import Pipeline
from remotemedia.nodes import AddNode, MultiplyNode, PassThroughNode, ZipNode

SVG = "{http://www.w3.org/2000/svg}"


def drawn(pipeline):
    return ET.fromstring(pipeline._repr_svg_())  # noqa: S314 - our own


def boxes(root):
    """Return the corner of each box by the first line in it."""
    return {
        group.find(f"{SVG}text").text: tuple(int(group.find(f"{SVG}rect").get(k)) for k in "xy")
        for group in root.iter(f"{SVG}g")
    }


def test_a_graph():
    both = ZipNode(ports=["left", "right"], name="both")
    one, two = PassThroughNode(name="one"), PassThroughNode(name="two")
    parts = [one >> both["left"], two >> both["right"], both >> [AddNode(), MultiplyNode(factor=3)]]
    pipeline = Pipeline(parts, "mine")
    root = drawn(pipeline)
    assert root.find(f"{SVG}title").text == "Pipeline mine: 5 nodes, 4 connections"
    said = root.find(f"{SVG}desc").text
    assert "one to both (left); two to both (right); both to AddNode_3" in said
    place = boxes(root)
    assert place["one"][0] == place["two"][0] < place["both"][0] < place["AddNode_3"][0]
    assert place["one"][1] < place["two"][1] and place["AddNode_3"][1] < place["MultiplyNode_4"][1]
    assert len(set(place.values())) == 5
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"left", "right", "ZipNode", "factor=3"} <= set(texts)
    assert pipeline._repr_html_() == f'<div style="overflow-x: auto">{pipeline._repr_svg_()}</div>'
    assert repr(pipeline) == "<Pipeline mine: 5 nodes, 4 connections>"


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", '"><img onerror=x>', "a\x00b\ud800", "&"]
)
def test_everything_is_escaped(evil):
    nodes = [
        {"id": evil, "node_type": evil, "params": {evil: evil}},
        {"id": "b", "node_type": "AddNode"},
    ]
    connections = [{"from": evil, "to": f"b.{evil}"}, {"from": f"b.{evil}", "to": evil}]
    manifest = {
        "version": "v1",
        "metadata": {"name": evil},
        "nodes": nodes,
        "connections": connections,
    }
    root = drawn(Pipeline.from_manifest(manifest))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "g", "rect", "path", "text",
    }  # fmt: skip
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]


@pytest.mark.parametrize(
    "odd",
    [{}, [], {"nodes": 3}, {"nodes": [None, {"id": "a"}], "connections": [None, {"from": "a"}]},
     {"nodes": [{"id": "a"}, {"id": "b"}], "connections": [{"from": "a", "to": "b"}, {"from": "b", "to": "a"}]},
     {"metadata": 3, "nodes": []}],
)  # fmt: skip
def test_wrong_manifests_are_shown_as_far_as_it_goes(odd):
    assert drawn(Pipeline.from_manifest(odd)).tag == f"{SVG}svg"


def test_a_large_graph_has_no_box_on_another():
    nodes = [{"id": f"n{i}", "node_type": "AddNode"} for i in range(60)]
    links = [
        {"from": f"n{i}", "to": f"n{j}"} for i in range(60) for j in range(i + 1, min(i + 4, 60), 2)
    ]
    manifest = {"version": "v1", "nodes": nodes, "connections": links}
    assert len(set(boxes(drawn(Pipeline.from_manifest(manifest))).values())) == 60


def test_nothing_is_drawn_until_it_is_shown():
    for name in ("remotemedia._drawing", "html"):
        sys.modules.pop(name, None)
    Pipeline(AddNode())
    assert "remotemedia._drawing" not in sys.modules
