"""Joins nodes with `>>`: `a >> [b, c] >> d`, `a["rest"] >> d["left"]`.

The same instance is the same node wherever it stands. A list is branches, side by side.
"""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remotemedia._node import Node


# `eq_default`: nodes are compared by identity, so that they can be keys.
@dataclass_transform(kw_only_default=True, eq_default=False)
class Composable:
    """What stands on either side of `>>`.

    Type checkers take the annotated fields of the classes of nodes for keywords of constructors.
    """

    def __rshift__(self, other: Composable | Sequence[Composable]) -> Flow:
        """Let all that this gives go to what follows."""
        return flow_of(self).then(flow_of(other))

    def __rrshift__(self, other: Sequence[Composable]) -> Flow:
        """Let all that the branches give come here."""
        return flow_of(other).then(flow_of(self))

    def __getitem__(self, port: str) -> Flow:
        """Return the node at one of its ports, of either side."""
        raise NotImplementedError


class End(NamedTuple):
    """A port of a node; items come in or go out."""

    node: Node
    port: str


class Join(NamedTuple):
    """A connection."""

    start: End
    end: End


class Flow(Composable):
    """A part of a graph: nodes, their connections, and the ends where more can be joined."""

    def __init__(
        self, nodes: Iterable[Node], joins: Iterable[Join], starts: list[End], ends: list[End]
    ) -> None:
        self.nodes: list[Node] = _once(nodes)
        self.joins: list[Join] = _once(joins)
        self.starts = starts
        self.ends = ends

    def then(self, other: Flow) -> Flow:
        """Connect every end here with every start there, in the order in which they stand."""
        between = [Join(start, end) for start in self.ends for end in other.starts]
        joins = [*self.joins, *between, *other.joins]
        return Flow([*self.nodes, *other.nodes], joins, self.starts, other.ends)

    def __getitem__(self, port: str) -> Flow:
        """Raise TypeError: only a node has ports."""
        message = f"which node's port {port!r}? Write it behind the node: a >> b[{port!r}]"
        raise TypeError(message)

    def __repr__(self) -> str:
        """Return how large it is."""
        return f"<Flow of {len(self.nodes)} nodes, {len(self.joins)} connections>"


def flow_of(given: Any) -> Flow:
    """Return a node, a flow or a list of branches as a flow; raises TypeError."""
    from remotemedia._node import Node

    if isinstance(given, Flow):
        return given
    if isinstance(given, Node):
        return Flow([given], [], [End(given, "in")], [End(given, "out")])
    if isinstance(given, (list, tuple)) and given:
        return together(flow_of(branch) for branch in given)
    if isinstance(given, type) and issubclass(given, Node):
        message = f"{given.__name__} is a class: write {given.__name__}(...)"
        raise TypeError(message)
    message = f"only nodes, and lists of them that are not empty, can be joined, not {given!r}"
    raise TypeError(message)


def whole(given: Any) -> Flow:
    """Return what a pipeline is made of as one flow: nodes in a list are a chain."""
    if isinstance(given, (Composable, type)):
        return flow_of(given)
    parts = list(given)
    flows = [flow_of(part) for part in parts]
    if not flows:
        return together([])
    are_nodes = [not isinstance(part, (Flow, list, tuple)) for part in parts]
    if not any(are_nodes):
        return together(flows)
    if not all(are_nodes):
        message = "a list of nodes is a chain, a list of flows is a graph; this one has both"
        raise TypeError(message)
    if len({id(part) for part in parts}) < len(parts):
        message = "the same node stands twice in the chain: make a second one"
        raise ValueError(message)
    return reduce(Flow.then, flows)


def together(flows: Iterable[Flow]) -> Flow:
    """Return several flows as one, side by side."""
    flows = list(flows)
    return Flow(
        [node for flow in flows for node in flow.nodes],
        [join for flow in flows for join in flow.joins],
        _once(start for flow in flows for start in flow.starts),
        _once(end for flow in flows for end in flow.ends),
    )


def at_port(node: Node, port: str) -> Flow:
    """Return a node at one of its ports; the other side is `in` or `out`. Raises ValueError."""
    inputs: list[str] = []
    for name in node.inputs:
        inputs += node.params.get(name[1:], ()) if name.startswith("$") else [name]
    outputs = list(node.outputs)
    if port not in inputs and port not in outputs:
        sides = f"inputs: {', '.join(inputs) or 'none'}; outputs: {', '.join(outputs) or 'none'}"
        message = f"{node.type_name} has no port {port!r}; {sides}"
        raise ValueError(message)
    start = End(node, port if port in inputs else "in")
    return Flow([node], [], [start], [End(node, port if port in outputs else "out")])


def manifest_parts(
    flow: Flow, taken: Iterable[str] = ()
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Return the nodes and connections of a manifest; ids are names, else type and place."""
    ids: dict[int, str] = {}
    used = set(taken)
    for node in flow.nodes:
        ids[id(node)] = identifier(node, len(used), used)
        used.add(ids[id(node)])
    nodes = [described(node, ids[id(node)]) for node in flow.nodes]
    connections = [
        {"from": _endpoint(ids, join.start, "out"), "to": _endpoint(ids, join.end, "in")}
        for join in flow.joins
    ]
    return nodes, connections


def described(node: Node, name: str) -> dict[str, Any]:
    """Return a node as a manifest has it."""
    from copy import deepcopy

    return {
        "id": name,
        "node_type": node.type_name,
        "params": deepcopy(node.params),
        **deepcopy(node.node_fields),
    }


def identifier(node: Node, place: int, taken: set[str]) -> str:
    """Return an id that is not taken: the name that was given, else the type and the place.

    Characters that an id cannot have become underscores; it does not begin with two of them.
    """
    named = node.name != node.type_name and _plain(node.name)
    name = named or f"{_plain(node.type_name) or 'node'}_{place}"
    while name in taken:
        name = f"{name}_{place}"
    return name


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name).lstrip("_")


def _endpoint(ids: dict[int, str], end: End, default: str) -> str:
    name = ids[id(end.node)]
    return name if end.port == default else f"{name}.{end.port}"


def _once(items: Iterable[Any]) -> list[Any]:
    """Return every item where it first stands; nodes are compared by identity."""
    return list(dict.fromkeys(items))
