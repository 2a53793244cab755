import pytest

from remotemedia import Issue, ManifestError, NodeError, PacketError, RemoteMediaError, _errors
from remotemedia._errors import from_wire

CODES = {
    "RemoteMediaError": "remotemedia_error",
    "ManifestError": "manifest_error",
    "PackageError": "package_error",
    "RuntimeLoadError": "runtime_load_error",
    "NodeError": "node_error",
    "NodeTimeoutError": "node_timeout",
    "CancelledError": "cancelled",
    "CircuitOpenError": "circuit_open",
    "CapabilityError": "capability_error",
    "ClosedError": "closed",
    "PacketError": "bad_packet",
}


def test_the_docstring_names_every_class():
    for name in CODES:
        assert name in _errors.__doc__


@pytest.mark.parametrize("name", CODES)
def test_an_error_comes_back_as_the_same_class(name):
    wire = {"name": name, "message": "m", "node_id": "a", "node_type": "T", "item_index": 3,
            "runtime": "rust", "path": "$.a", "traceback": "t", "round": 3, "order": 1}  # fmt: skip
    error = from_wire(wire)
    assert type(error).__name__ == name
    assert error.to_wire() == wire | {"code": CODES[name], "issues": error.to_wire()["issues"]}


def test_issues_cross_the_wire():
    issue = Issue("bad_id", "$.nodes[0].id", "no", "error", "[a-z]", "?")
    again = from_wire(ManifestError([issue]).to_wire())
    assert again.issues == [issue]
    assert "$.nodes[0].id: no (bad_id)" in str(again)


def test_an_unknown_name_is_the_base():
    assert type(from_wire({"name": "Exception", "message": "m"})) is RemoteMediaError


def test_a_code_of_its_own_survives():
    error = from_wire(NodeError("m", code="unrepresentable_value").to_wire())
    assert error.code == "unrepresentable_value"


def test_text_says_where():
    error = NodeError("broken", node_id="mul", node_type="MultiplyNode", item_index=2)
    assert str(error) == "broken [node 'mul' (MultiplyNode), item 2]"
    assert str(PacketError("broken", path="edges")) == "broken [at edges]"
    assert str(RemoteMediaError("broken")) == "broken"
