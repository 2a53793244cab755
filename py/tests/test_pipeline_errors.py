"""Which error a run ends with, and what is refused before it."""

import datetime as dt
import io
import json
import math
import zipfile

import pytest
from segments import chain

from remotemedia import (
    ClosedError,
    ManifestError,
    ManifestWarning,
    Node,
    NodeError,
    PacketError,
    Pipeline,
    RemoteMediaError,
    node,
)
from remotemedia._planning import make_plan
from remotemedia._registry import Registry
from remotemedia.nodes import AddNode, MultiplyNode

CLOSED = []


@pytest.fixture(autouse=True)
def _nothing_closed():
    CLOSED.clear()


class DoorNode(Node):
    """Passes items on; fails at "process" and always when it is closed."""

    def process(self, item):
        if item == "process":
            raise ValueError("while it processed")
        return item

    def close(self):
        CLOSED.append(self.id)
        raise ValueError("while it closed")


def test_an_error_of_close_does_not_replace_the_error_of_the_run():
    with pytest.raises(NodeError, match="while it processed") as caught:
        Pipeline([DoorNode()], runtime_hint="python").run_sync([1, "process"])
    assert caught.value.delivered == {"DoorNode_0": [1]}
    assert any("while it closed" in note for note in caught.value.__notes__)


def test_an_error_of_close_alone_is_the_error_of_the_run():
    with pytest.raises(NodeError, match="while it closed") as caught:
        Pipeline([DoorNode()], runtime_hint="python").run_sync([1])
    assert caught.value.delivered == {"DoorNode_0": [1]}


def test_nodes_are_closed_when_their_metrics_fail(monkeypatch):
    def fail(*_):
        raise RuntimeError("while it counted")

    monkeypatch.setattr("remotemedia._metrics.RunMetrics.add", fail)
    pipeline = Pipeline([DoorNode()], enable_metrics=True, runtime_hint="python")
    with pytest.raises(RuntimeError, match="while it counted"):
        pipeline.run_sync([1])
    with pytest.raises(NodeError, match="while it processed"):
        pipeline.run_sync(["process"])
    assert len(CLOSED) == 2


@pytest.mark.parametrize("kind", [RemoteMediaError, ClosedError, PacketError])
def test_every_error_tells_what_was_delivered(kind):
    def items():
        yield from range(256)
        raise kind("no more")

    with pytest.raises(kind) as caught:
        Pipeline([AddNode(addend=1)], runtime_hint="python").run_sync(items())
    assert caught.value.delivered == {"AddNode_0": list(range(1, 257))}


def not_json():
    itself = chain([("AddNode", {})])
    itself["metadata"] = {"name": "x", "more": itself}
    return {
        "a date, as YAML has them": chain([("AddNode", {})], metadata={"at": dt.date(2024, 1, 2)}),
        "itself": itself,
        "an infinity": chain([("AddNode", {"addend": math.inf})]),
    }


@pytest.mark.parametrize("hint", ["auto", "python"])
@pytest.mark.parametrize("name", not_json())
def test_a_manifest_that_is_not_json(name, hint):
    with pytest.raises(ManifestError, match="not JSON"):
        Pipeline.from_manifest(not_json()[name], runtime_hint=hint).plan()


def test_a_catalog_that_is_not_json(monkeypatch):
    class EndlessNode(Node):
        """Has a schema with a default that JSON does not have."""

    schema = {"type": "object", "properties": {"limit": {"default": math.inf}}}
    monkeypatch.setattr(EndlessNode, "schema", classmethod(lambda _: schema))
    monkeypatch.setattr("remotemedia._planning.load_rust", Refuses)
    with pytest.raises(ManifestError, match="catalog of the nodes is not JSON"):
        make_plan(chain([("AddNode", {})]), Registry([EndlessNode]), "auto", metrics=False)


class Refuses:
    """A planner that cannot read the request."""

    def plan(self, request):
        json.loads(request)
        raise RemoteMediaError("lone leading surrogate", code="bad_request")


def test_what_the_planner_cannot_read_is_wrong_with_the_manifest(monkeypatch):
    monkeypatch.setattr("remotemedia._planning.load_rust", Refuses)
    with pytest.raises(ManifestError, match="lone leading surrogate"):
        Pipeline.from_manifest(chain([("AddNode", {})])).plan()


def test_warnings_of_a_bundle():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", json.dumps(chain([("AddNode", {})])))
        archive.writestr("metadata.json", "[]")
    with pytest.warns(ManifestWarning, match=r"metadata\.json"):
        pipeline = Pipeline.from_package(file.getvalue(), runtime_hint="python")
    assert pipeline.run_sync(1) == 1


def test_names_of_any_letters_make_ids():
    @node(type="é")
    def accent(item):
        return item

    nodes = [MultiplyNode(name="é"), AddNode(name="__x"), AddNode(name="_"), accent()]
    pipeline = Pipeline(nodes, runtime_hint="python")
    ids = [entry["id"] for entry in json.loads(pipeline.serialize())["nodes"]]
    assert ids == ["MultiplyNode_0", "x", "AddNode_2", "node_3"]
    assert pipeline.run_sync(1) == 2
