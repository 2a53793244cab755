"""What a run looks at to see whether it has to end: its own limit and those of its nodes.

Without threads (in Pyodide) a limit is noticed after the call that took too long; `_supervisor` has
what notices and stops in time.
"""

from __future__ import annotations

import math
import sys
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from remotemedia._effects import Stopped
from remotemedia._errors import NodeTimeoutError, RemoteMediaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotemedia._segment import Segment

THREADS = sys.platform != "emscripten"
"""Whether threads can be started here."""


class Call(NamedTuple):
    """A call of a node that has a limit."""

    ends: float
    node: dict[str, Any]
    runtime: str
    item_index: int | None

    def error(self) -> NodeTimeoutError:
        """Return the error of a call that took too long."""
        return NodeTimeoutError(
            f"took longer than {self.node['timeout_ms']:g} ms",
            node_id=self.node["id"],
            node_type=self.node["node_type"],
            runtime=self.runtime,
            item_index=self.item_index,
        )


class Control:
    """The limits of one run. As a context manager, the stretch that may be interrupted."""

    def __init__(self, timeout_ms: float | None = None) -> None:
        if timeout_ms is not None and not timeout_ms > 0:
            message = f"timeout_ms must be > 0, not {timeout_ms!r}"
            raise ValueError(message)
        self.cause: RemoteMediaError | None = None
        """Why the run has to end."""
        self.call: Call | None = None
        """The call that is under way, if it has a limit."""
        self.is_flushing = False
        self.abandoned = False
        """Nobody waits any more for what the run does."""
        self.rust: Any = None
        """The Rust runtime that the run uses."""
        self.shortest_ms = self._timeout_ms = timeout_ms or math.inf
        self._ends = monotonic() + self._timeout_ms / 1000

    def __enter__(self) -> None:
        """Begin the stretch."""

    def __exit__(self, *_: object) -> None:
        """End it."""

    def entering(self, segment: Segment) -> Callable[[int, float], None] | None:
        """Return what the engine of a segment calls before its nodes; None if none has a limit."""
        limited = {node["order"]: node for node in segment["nodes"] if node.get("timeout_ms")}
        if not limited:
            return None
        shortest = min(node["timeout_ms"] for node in limited.values())
        self.shortest_ms = min(self.shortest_ms, shortest)

        def enter(order: int, round_: float) -> None:
            self.leave()
            node = limited.get(order)
            if node is not None:
                ends = monotonic() + node["timeout_ms"] / 1000
                index = None if self.is_flushing else int(round_)
                self.call = Call(ends, node, segment["runtime"], index)

        return enter

    def leave(self) -> None:
        """End the call that is under way."""
        call, self.call = self.call, None
        if call is not None and monotonic() > call.ends:
            self.fail(call.error())

    def look(self) -> None:
        """Compare the limits with the clock."""
        call, now = self.call, monotonic()
        if call is not None and now > call.ends:
            self.fail(call.error())
        elif now > self._ends:
            self.fail(NodeTimeoutError(f"the run took longer than {self._timeout_ms:g} ms"))

    def fail(self, cause: RemoteMediaError) -> None:
        """Note why the run has to end, unless there is a reason already."""
        self.cause = self.cause or cause

    def check(self) -> None:
        """Raise Stopped if the run has to end."""
        if self.cause is None and monotonic() > self._ends:
            self.look()
        if self.cause is not None:
            raise Stopped
