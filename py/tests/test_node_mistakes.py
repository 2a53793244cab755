"""What an author gets wrong is told when the class is made, with the name of the field."""

import sys
from typing import ClassVar

import pytest

from remotemedia import ManifestError, Node, Param, node
from remotemedia._param import ParamSpec


def process(self, item):
    return item


def made(annotations=None, *, options=None, **body):
    """Return a class as a class statement makes it."""
    body = {"__annotations__": annotations or {}, "process": process, **body}
    return type("SomeNode", (Node,), body, **(options or {}))


@pytest.mark.parametrize(
    ("annotations", "body", "message"),
    [
        ({}, {"factor": Param(2.0)}, r"factor: a param needs a type, such as `factor: float"),
        ({"x": complex}, {}, r"SomeNode\.x: a param cannot have the type .*complex"),
        ({"x": "Unknown"}, {}, "'Unknown' is not defined when it runs: import it outside"),
        ({"x": float}, {"x": "two"}, "the default 'two' is refused: must be of type number"),
        ({"x": float}, {"x": Param(2.0, maximum=1)}, "the default 2.0 is refused: must be ≤ 1"),
        ({"x": float}, {"x": float("inf")}, "the default inf is not JSON"),
        ({"x": float}, {"x": None}, r"the default None needs a type with `\| None`"),
        ({}, {"waiting": []}, "SomeNode.waiting: all nodes of the class would share this value"),
        ({}, {"inputs": ["left"]}, "inputs: ports are a dict, such as"),
        ({}, {"outputs": {"out": ("text",)}}, "kinds are a tuple of any, audio"),
        ({}, {"outputs": {"out": "any"}}, "kinds are a tuple of any, audio"),
        *(
            ({name: float}, {}, f"a param cannot be called '{name}', which every node has")
            for name in ("id", "name", "params", "init", "process", "requires", "inputs", "configure")
        ),
    ],
)  # fmt: skip
def test_declarations(annotations, body, message):
    with pytest.raises(TypeError, match=message):
        made(annotations, **body)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"requiress": ["numpy"]}, "no class argument 'requiress'.*did you mean requires?"),
        ({"requires": "numpy"}, r"must be a list of strings, such as requires=\['numpy'\]"),
        ({"requires": ["numpy >= "]}, "'numpy >= ' is not like 'numpy' or 'numpy>=2,<3'"),
        ({"requires": ["https://x.org"]}, "is not like"),
        ({"aliases": "Other"}, "must be a list of strings"),
    ],
)
def test_class_arguments(options, message):
    with pytest.raises(TypeError, match=message):
        made(options=options)


@pytest.mark.parametrize("given", [["numpy>=2,<3"], ("numpy >= 2, < 3",), ["numpy>=2,<3", "a.b-c"]])
def test_requirements(given):
    assert made(options={"requires": given}).entry()["requires"][0] == "numpy>=2,<3"


def test_a_node_without_process():
    cls = type("IdleNode", (Node,), {})  # a base for others may be like this
    with pytest.raises(TypeError, match=r"IdleNode has no method `process\(self, item\)`"):
        cls()


def test_what_is_a_param_and_what_is_not():
    class MixedNode(Node):
        must: int
        low: float = 0.0
        words: list[str] = ["a"]
        kept: ClassVar[list] = []
        text: "ClassVar[str]" = "t"
        TABLE = {"a": 1}
        _own: "Unknown" = None  # noqa: F821
        process = process

    assert list(MixedNode.declared) == ["must", "low", "words"]
    assert MixedNode.schema()["required"] == ["must"]
    first, second = MixedNode(must=1), MixedNode(must=1, words=["b"])
    first.words.append("c")
    assert (first.words, second.words, MixedNode(must=1).words) == (["a", "c"], ["b"], ["a"])
    assert not isinstance(vars(MixedNode).get("low"), (float, ParamSpec))


def test_types_as_text():
    scope = {"__name__": "nowhere", "Node": Node, "Param": Param, "Kind": float}
    exec(  # noqa: S102
        "from __future__ import annotations\n"
        "class TextNode(Node):\n"
        "    x: float | None = Param(None)\n"
        "    def process(self, item): return item\n",
        scope,
    )
    assert scope["TextNode"].schema()["properties"]["x"] == {"type": "number"}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: None, "the first argument of a node's function is the item"),
        (lambda *items: None, "the first argument"),
        (lambda item, low: None, "low: a param needs a type, such as `low: float`"),
        (lambda item, **more: None, "params are named one by one"),
    ],
)
def test_functions(function, message):
    with pytest.raises(TypeError, match=message):
        node(function)


def test_a_function_cannot_have_a_param_that_every_node_has():
    def named(item, name: str = ""):
        """Has a param called name."""

    with pytest.raises(TypeError, match="cannot be called 'name'"):
        node(named)


def test_a_function_with_ports():
    @node(outputs={"out": ["number"], "rest": ["number"]}, requires=["numpy"])
    def halves(item: float):
        return item / 2

    assert list(halves.entry()["outputs"]) == ["out", "rest"]
    assert halves.requires == ("numpy",)
    with pytest.raises(TypeError, match="no class argument 'input'"):
        node(input={})(lambda item: item)


def test_configure_refuses_at_once():
    wrong = {"timeout_ms": -1, "on_error": "ignore", "retry": {"times": 1}, "runtime_hint": "c"}
    with pytest.raises(ManifestError) as caught:
        made()().configure(**wrong)
    paths = [issue.path for issue in caught.value.issues]
    assert sorted(paths) == ["$.on_error", "$.retry.times", "$.runtime_hint", "$.timeout_ms"]


if sys.version_info >= (3, 14):  # as in Pyodide: annotations are looked up late

    def test_names_that_only_type_checkers_know():
        class LateNode(Node):
            x: float = 2.0
            _model: Unknown = None  # noqa: F821
            process = process

        assert list(LateNode.declared) == ["x"]

        @node
        def late(item: Unknown, low: float = 1.0):  # noqa: F821
            return item

        assert list(late.declared) == ["low"]
        with pytest.raises(
            TypeError, match=r"late\.low: name 'Unknown' is not defined when it runs"
        ):

            @node
            def late(item, low: Unknown = 1.0):  # noqa: F821
                return item
