import pytest

import remotemedia
from remotemedia import Node, nodes
from remotemedia._registry import ALIASES, BUILT_IN, Registry
from remotemedia._rust_node import RustNode
from remotemedia.nodes import _rust

RUST = [name for name, cls in vars(_rust).items() if getattr(cls, "__base__", None) is RustNode]


class EchoNode(Node):
    """Has the name of a built-in node."""


class OwnNode(Node, aliases=("Own",)):
    """A node of one's own."""


def test_the_tables_agree_with_the_classes():
    classes = Registry().classes()
    assert [cls.type_name for cls in classes] == list(BUILT_IN)
    assert {alias: cls.type_name for cls in classes for alias in cls.aliases} == ALIASES
    assert sorted({*BUILT_IN, *RUST}) == nodes.__all__
    for cls in classes:
        assert getattr(nodes, cls.type_name) is cls


def test_types_and_aliases_are_found():
    registry = Registry([OwnNode])
    assert registry.find("Echo") is registry.find("EchoNode") is nodes.EchoNode
    assert registry.find("Own") is registry.find("OwnNode") is OwnNode
    assert registry.find("Nothing") is None
    assert registry.catalog()[-1] == OwnNode.entry()


def test_a_name_is_taken_once():
    with pytest.raises(ValueError, match="EchoNode"):
        Registry([EchoNode])
    registry = Registry([OwnNode, OwnNode])
    assert len(registry.classes()) == len(BUILT_IN) + 1


def test_exports_are_exact_and_sorted():
    assert remotemedia.__all__ == sorted(remotemedia.__all__)
    for name in remotemedia.__all__:
        assert getattr(remotemedia, name).__name__ == name
    with pytest.raises(AttributeError):
        _ = remotemedia.nothing
    with pytest.raises(AttributeError):
        _ = nodes.NothingNode
