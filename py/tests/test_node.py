import asyncio
import functools
import json

import pytest
from segments import chain, run_chain

from remotemedia import ManifestError, Node, NodeError, Out, Param, Pipeline, node
from remotemedia._steps import is_async_node
from remotemedia.nodes import MultiplyNode


class ScaleNode(Node, type="Scale", aliases=("Scaler",), category="math", stateful=True):
    """Scales things.

    At length.
    """

    factor: float = Param(2.0, doc="By what.", unit="dB", minimum=0, below=10, aliases=("by",))
    words: list[str] = Param(["a"], doc="Words.")
    rate: int | None = Param(None, doc="A rate.", above=0)

    def process(self, item):
        return [item * self.factor, self.words, self.rate]


class WideScaleNode(ScaleNode):
    """Has one param more."""

    offset: int = Param(doc="Required.")


def test_the_entry_comes_from_the_declaration():
    assert ScaleNode.entry() == {
        "type": "Scale",
        "aliases": ["Scaler"],
        "summary": "Scales things.",
        "category": "math",
        "params": {
            "type": "object",
            "additionalProperties": False,
            "required": [],
            "properties": {
                "factor": {
                    "type": "number",
                    "default": 2.0,
                    "description": "By what.",
                    "unit": "dB",
                    "minimum": 0,
                    "exclusiveMaximum": 10,
                    "aliases": ["by"],
                },
                "words": {
                    "type": "array",
                    "items": {"type": "string"},
                    "default": ["a"],
                    "description": "Words.",
                },
                "rate": {"type": "integer", "description": "A rate.", "exclusiveMinimum": 0},
            },
        },
        "inputs": {"in": {"kinds": ["any"]}},
        "outputs": {"out": {"kinds": ["any"]}},
        "runtime": "python",
        "stateful": True,
        "requires": [],
    }


def test_params_are_attributes():
    made = ScaleNode(by=3)
    assert (made.factor, made.words, made.rate) == (3, ["a"], None)
    assert made.params == {"factor": 3, "words": ["a"]}
    assert ScaleNode(rate=8000).rate == 8000
    assert repr(MultiplyNode(factor=3)) == "MultiplyNode(factor=3)"


def test_wrong_params_are_refused_at_once():
    with pytest.raises(ManifestError) as caught:
        ScaleNode(factor=10, volume=1, words="a")
    paths = [issue.path for issue in caught.value.issues]
    assert paths == ["$.params.factor", "$.params.volume", "$.params.words"]


def test_a_subclass_inherits_params():
    assert WideScaleNode(offset=1).params == {"factor": 2.0, "words": ["a"], "offset": 1}
    assert WideScaleNode.schema()["required"] == ["offset"]
    with pytest.raises(ManifestError, match="offset is required"):
        WideScaleNode()


def test_a_function_becomes_a_node():
    @node
    def clamp(item, low: float = 0.0, high: float = Param(1.0, doc="Most.", above=0)):
        """Keeps a number inside a range."""
        return min(max(item, low), high)

    assert clamp.type_name == "clamp"
    assert clamp.entry()["summary"] == "Keeps a number inside a range."
    properties = clamp.entry()["params"]["properties"]
    assert properties["low"] == {"type": "number", "default": 0.0}
    assert properties["high"]["exclusiveMinimum"] == 0
    items = [-1, 0.5, 7]
    assert run_chain([("clamp", {"high": 2})], items, node_types=[clamp]) == [0.0, 0.5, 2]


def test_a_function_node_may_be_named_and_yield():
    @node(type="RepeatNode", category="flow")
    def repeat(item, times: int):
        for _ in range(times):
            yield item

    assert repeat.type_name == "RepeatNode"
    assert repeat.schema()["required"] == ["times"]
    assert run_chain([("RepeatNode", {"times": 2})], ["a"], node_types=[repeat]) == ["a", "a"]


def test_an_output_names_its_port():
    assert Out("rest", 1) == ("rest", 1)


def test_entries_are_json():
    for cls in (ScaleNode, WideScaleNode):
        assert json.loads(json.dumps(cls.entry())) == cls.entry()


def one_of(cls, items, params=None):
    return run_chain([(cls.type_name, params or {})], items, node_types=[cls])


@pytest.mark.parametrize("verb", ["init", "close"])
def test_init_and_close_are_plain(verb):
    async def wait(self):
        """Would never run."""

    def give(self):
        yield 1

    for method in (wait, give):
        cls = type("LateNode", (Node,), {verb: method, "process": lambda self, item: item})
        with pytest.raises(NodeError, match=f"{verb} must not be async") as caught:
            one_of(cls, [1])
        assert (caught.value.node_id, caught.value.node_type) == ("n0", "LateNode")


async def test_an_async_function_becomes_a_node():
    @node
    async def later(item, add: int = 1, more: int = 0):
        await asyncio.sleep(0)
        return item + add + more

    assert is_async_node(later)
    assert await Pipeline([later(add=5)], runtime_hint="python").run([1, 2]) == [6, 7]


def test_a_function_gets_the_default_none():
    @node
    def rated(item, rate: int | None = Param(None)):
        return [item, rate]

    assert one_of(rated, [1]) == [[1, None]]
    assert one_of(rated, [1], {"rate": 5}) == [[1, 5]]


class CollectNode(Node):
    """Changes its own params."""

    words: dict = Param({"a": 0})

    def process(self, item):
        self.words[item] = 1
        return list(self.words)


def test_params_belong_to_one_run():
    for params in ({}, {"words": {"a": 0}}):
        manifest = chain([("CollectNode", params)])
        pipeline = Pipeline.from_manifest(manifest, node_types=[CollectNode], runtime_hint="python")
        for _ in range(2):
            assert pipeline.run_sync("b") == ["a", "b"]
    assert CollectNode().words == {"a": 0}


def test_a_wrapped_process_takes_a_port_if_the_method_does():
    def logged(method):
        @functools.wraps(method)
        def call(*arguments):
            return method(*arguments)

        return call

    class OneNode(Node):
        """Takes an item."""

        @logged
        def process(self, item):
            return item

    class TwoNode(Node):
        """Takes an item and a port."""

        @logged
        def process(self, item, port):
            return [item, port]

    assert one_of(OneNode, [1]) == [1]
    assert one_of(TwoNode, [1]) == [[1, "in"]]
