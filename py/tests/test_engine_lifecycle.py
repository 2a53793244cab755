import pytest
from probes import LOG, NODES, ProbeNode, probes
from segments import opened, segment

from remotemedia import ManifestError, NodeError, RuntimeLoadError


@pytest.fixture(autouse=True)
def _empty_log():
    LOG.clear()


def test_nodes_open_in_order_and_close_once_in_reverse():
    engine = opened(probes(None, None), NODES)
    engine.close()
    engine.close()
    assert LOG == ["init p0", "init p1", "close p1", "close p0"]


class BadStartNode(ProbeNode):
    """Cannot be initialised."""

    def init(self):
        raise ValueError("no")


class BadEndNode(ProbeNode):
    """Cannot be closed."""

    def close(self):
        super().close()
        raise ValueError("stuck")


def test_a_node_that_cannot_start_closes_those_before():
    spec = segment(
        [("a", "ProbeNode", {}), ("b", "BadStartNode", {})],
        [("a.out", "b.in")],
        {0: "a.in"},
        {1: ("b.*", None)},
    )
    with pytest.raises(NodeError, match="ValueError: no") as caught:
        opened(spec, [ProbeNode, BadStartNode])
    assert (caught.value.node_id, caught.value.item_index) == ("b", None)
    assert LOG == ["init a", "close a"]


def test_a_node_that_cannot_close_does_not_keep_others_open():
    spec = segment(
        [("a", "ProbeNode", {}), ("b", "BadEndNode", {})],
        [("a.out", "b.in")],
        {0: "a.in"},
        {1: ("b.*", None)},
    )
    engine = opened(spec, [ProbeNode, BadEndNode])
    with pytest.raises(NodeError, match="stuck"):
        engine.close()
    assert LOG[-2:] == ["close b", "close a"]


def test_a_segment_that_cannot_be_made():
    with pytest.raises(RuntimeLoadError, match="no Python implementation of Nothing"):
        opened(segment([("a", "Nothing", {})], [], {0: "a.in"}, {1: ("a.*", None)}))
    with pytest.raises(ManifestError):
        opened(segment([("a", "AddNode", {"x": 1})], [], {0: "a.in"}, {1: ("a.*", None)}))
