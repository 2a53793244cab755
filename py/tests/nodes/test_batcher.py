import pytest
from segments import flush, opened, run, segment

from remotemedia import ManifestError
from remotemedia.nodes import BatcherNode


def batcher(**params):
    spec = segment(
        [("b", "BatcherNode", params, {"on_error": "skip"})], [], {0: "b.in"}, {1: ("b.*", None)}
    )
    return opened(spec)


def test_lists_are_complete_and_the_rest_comes_at_the_end():
    engine = batcher()
    outputs, _ = run(engine, (0, list(range(7)), list(range(7))))
    assert outputs == {1: ([2, 5], [[0, 1, 2], [3, 4, 5]])}
    assert flush(engine) == ({1: ([7], [[6]])}, None)


def test_the_rest_may_be_dropped():
    engine = batcher(batch_size=2, partial=False)
    assert run(engine, (0, [0, 1, 2], "abc"))[0] == {1: ([1], [["a", "b"]])}
    assert flush(engine) == ({}, None)


def test_a_list_may_have_one_item():
    assert run(batcher(batch_size=1), (0, [0, 1], [None, []]))[0] == {1: ([0, 1], [[None], [[]]])}
    with pytest.raises(ManifestError):
        BatcherNode(batch_size=0)


def test_what_nests_too_deep_for_a_list_fails_alone():
    deep = []
    for _ in range(127):
        deep = [deep]
    engine = batcher(batch_size=2)
    outputs, _ = run(engine, (0, [0, 1, 2], [deep, deep[0], "x"]))
    assert outputs == {1: ([2], [[deep[0], "x"]])}
    (error,) = engine.metrics()["skipped"]["errors"]
    assert (error["code"], error["item_index"]) == ("unrepresentable_value", 0)
    assert error["path"] == "$" + "[0]" * 127
