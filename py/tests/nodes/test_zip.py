import pytest
from segments import flush, opened, run, segment

from remotemedia import ManifestError
from remotemedia.nodes import ZipNode


def zipped(ports=("a", "b"), **params):
    ends = {edge: f"z.{port}" for edge, port in enumerate(ports)}
    params["ports"] = list(ports)
    return opened(segment([("z", "ZipNode", params)], [], ends, {9: ("z.*", None)}))


def test_the_kth_items_meet_as_soon_as_all_have_come():
    engine = zipped()
    outputs, _ = run(engine, (0, [0, 1, 2], ["a0", "a1", "a2"]), (1, [1, 1], ["b0", "b1"]))
    assert outputs == {9: ([1, 1], [{"a": "a0", "b": "b0"}, {"a": "a1", "b": "b1"}])}
    assert run(engine, (1, [3], [None]))[0] == {9: ([3], [{"a": "a2", "b": None}])}
    assert flush(engine) == ({}, None)


def test_the_rest_is_given_if_it_is_wanted():
    engine = zipped(("a", "b", "c"), partial=True)
    run(engine, (0, [0, 1], [1, 2]), (2, [0], [3]))
    assert flush(engine) == ({9: ([2, 2], [{"a": 1, "c": 3}, {"a": 2}])}, None)


def test_one_port_is_enough():
    assert run(zipped(["only-1"]), (0, [0], [5]))[0] == {9: ([0], [{"only-1": 5}])}


def test_a_port_holds_1024_items():
    engine = zipped()
    assert run(engine, (0, list(range(1024)), list(range(1024)))) == ({}, None)
    _, error = run(engine, (0, [1024], [0]))
    assert "1024" in error.message
    assert run(engine, (1, [1025], ["late"]))[0] == {9: ([1025], [{"a": 0, "b": "late"}])}


def test_what_nests_too_deep_for_a_map_fails_alone():
    deep = []
    for _ in range(127):
        deep = [deep]
    engine = zipped()
    _, error = run(engine, (0, [0], [deep]))
    assert (error.code, error.path) == ("unrepresentable_value", "$" + "[0]" * 127)
    assert run(engine, (0, [1], [deep[0]]), (1, [1], [1])) == (
        {9: ([1], [{"a": deep[0], "b": 1}])},
        None,
    )


@pytest.mark.parametrize("ports", [[], ["a", "a"], ["a b"], ["ü"], [""], ["a\n"], [1], "a"])
def test_ports_are_different_plain_names(ports):
    with pytest.raises(ManifestError):
        ZipNode(ports=ports)
