"""Compiles a segment into steps: nodes in the order of execution, joined by numbered slots.

A slot is a connection. While a batch is under way it holds the columns of the items on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remotemedia._errors import NodeError, RemoteMediaError, RuntimeLoadError
from remotemedia._node import Node
from remotemedia._tracebacks import node_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotemedia._circuit import Circuit
    from remotemedia._segment import Segment
    from remotemedia._ticks import Source

    FindNode = Callable[[str], type[Node] | None]
    Enter = Callable[[int, float], Any]
    """Gets the order of a node and the round before a call with a deadline."""

_VARARGS, _GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x04, 0x20, 0x80, 0x200


class Step:
    """A node of a segment with what the engine needs to call it."""

    def __init__(self, spec: dict[str, Any], node: Node) -> None:
        self.node = node
        self.id: str = spec["id"]
        self.type: str = spec["node_type"]
        self.order: int = spec["order"]
        self.skips: bool = spec.get("on_error") == "skip"
        self.retry: dict[str, Any] | None = spec.get("retry")
        arity = _positional(node.process)
        self.takes_port = arity > 1
        self.process: Callable[[Any], Any] = node.process
        if self.takes_port:
            self.process = lambda pair: node.process(*pair)
        self.source: Source | None = None
        self.to_close: list[Callable[[], None]] = [node.close]
        if not node.inputs:
            from remotemedia._ticks import Source

            self.source = Source(self, (None, "in")[:arity])
            self.to_close.insert(0, self.source.close)
        self.flushes = getattr(node.flush, "__func__", None) is not Node.flush
        self.is_timed = spec.get("timeout_ms") is not None
        self.circuit: Circuit | None = None
        """None as long as the node works."""
        if spec.get("circuit"):
            self.circuit = _circuit(**spec["circuit"])
        self._enter: Enter | None = None
        self.is_async = is_async_node(type(node))
        self.inputs: list[tuple[int, str]] = []
        """Incoming connections in order: slot and port."""
        self.targets: dict[str, list[int]] = {}
        """Port → slots that get what the node emits there."""
        self.everything: list[int] = []
        """Slots that get what the node emits on any port."""
        self.default_targets: list[int] = []
        """Slots that get what the node emits on `out`."""
        self.executions = self.errors = 0
        self.total_us = 0.0
        self.shortest_us: float | None = None
        self.longest_us: float | None = None

    @property
    def is_watched(self) -> bool:
        """Whether something has to be done before or after each call."""
        return self._enter is not None or self.circuit is not None

    def set_deadlines(self, enter: Enter | None) -> None:
        """Have the host told of every call."""
        self._enter = enter

    def enter(self, round_: int) -> None:
        """Tell the host, if it wants to know, that a call begins."""
        if self._enter is not None:
            self._enter(self.order, round_)

    def has_failed(self) -> None:
        """Note that a call failed for good."""
        if self.circuit is None:
            self.circuit = _circuit()
        self.circuit.has_failed()

    def measured(self, duration_us: float) -> None:
        """Note how long a batch took."""
        self.total_us += duration_us
        if self.shortest_us is None or duration_us < self.shortest_us:
            self.shortest_us = duration_us
        if self.longest_us is None or duration_us > self.longest_us:
            self.longest_us = duration_us

    def error(self, error: Exception, round_: int | None) -> RemoteMediaError:
        """Return the error with this node's name on it."""
        return node_error(error, self.id, self.type, round_, self.order)


def _circuit(**state: Any) -> Circuit:
    from remotemedia._circuit import Circuit

    return Circuit(**state)


class Exit:
    """An `__out_k` pseudo-node: where items leave the segment, and which node they come from."""

    def __init__(self, slot: int, params: dict[str, Any], step: Step) -> None:
        self.slot = slot
        self.edge: int = params["edge"]
        self.to: int | None = params["to"]
        self.step = step


class Steps:
    """A compiled segment."""

    def __init__(self, segment: Segment, find: FindNode) -> None:
        self.steps: list[Step] = []
        self.entries: dict[int, int] = {}
        """Edge → slot of items that come in."""
        self.exits: list[Exit] = []
        self.slots = len(segment["connections"])
        by_id = {spec["id"]: spec for spec in segment["nodes"]}
        steps = {}
        for spec in segment["nodes"]:
            if not spec["node_type"].startswith("__"):
                steps[spec["id"]] = Step(spec, _make(spec, find))
        self.steps = list(steps.values())
        for slot, connection in enumerate(segment["connections"]):
            start, _, port = connection["from"].rpartition(".")
            end, _, end_port = connection["to"].rpartition(".")
            if start in steps:
                steps[start].targets.setdefault(port, []).append(slot)
            else:
                self.entries[by_id[start]["params"]["edge"]] = slot
            if end in steps:
                steps[end].inputs.append((slot, end_port))
            else:
                self.exits.append(Exit(slot, by_id[end]["params"], steps[start]))
        for step in self.steps:
            step.everything = step.targets.pop("*", [])
            step.default_targets = step.targets.get("out", []) + step.everything


def _make(spec: dict[str, Any], find: FindNode) -> Node:
    cls = find(spec["node_type"])
    if cls is None:
        message = f"there is no Python implementation of {spec['node_type']}"
        raise RuntimeLoadError(message, node_id=spec["id"], node_type=spec["node_type"])
    try:
        node = cls(**spec["params"])
    except RemoteMediaError:
        raise
    except Exception as error:
        message = f"the node cannot be made: {type(error).__name__}: {error}"
        raise NodeError(message, node_id=spec["id"], node_type=spec["node_type"]) from error
    node.id = spec["id"]
    for verb in ("init", "close"):
        code = _code(getattr(node, verb))
        if code and code.co_flags & (_GENERATOR | _COROUTINE | _ASYNC_GENERATOR):
            message = f"{verb} must not be async and must not yield"
            raise NodeError(message, node_id=node.id, node_type=spec["node_type"], runtime="python")
    return node


def _code(method: Any) -> Any:
    while hasattr(method, "__wrapped__"):
        method = method.__wrapped__
    return getattr(method, "__code__", None)


def is_async_node(cls: type[Node]) -> bool:
    """Tell whether `process` or `flush` of a node class is `async def`."""
    codes = [_code(cls.process), _code(cls.flush)]
    return any(code and code.co_flags & (_COROUTINE | _ASYNC_GENERATOR) for code in codes)


def _positional(method: Any) -> int:
    """Return how many positional arguments a bound method takes, two if any number.

    Like `inspect.signature`, which would have to be imported, it follows `__wrapped__` as far as
    the first function that has a `__signature__`.
    """
    while hasattr(method, "__wrapped__") and not hasattr(method, "__signature__"):
        method = method.__wrapped__
    code = getattr(method, "__code__", None)
    if code is None:
        return 1
    return 2 if code.co_flags & _VARARGS else int(code.co_argcount) - 1
