"""Circuit breakers from run to run (docs/internals/plan.md), per node id, type and params."""

from __future__ import annotations

import json
from time import monotonic
from typing import TYPE_CHECKING, Any

from remotemedia._circuit import OPEN_S, OPENS_AT

if TYPE_CHECKING:
    from remotemedia._segment import Segment


class Circuits:
    """Remembers the nodes that failed in their last calls."""

    def __init__(self) -> None:
        self._states: dict[str, tuple[int, float]] = {}
        """Key of a node → failures in a row, time until which it is not called."""

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._states)

    def put_into(self, segment: Segment) -> Segment:
        """Return the segment as it is opened, with the state of its nodes."""
        if not self._states:
            return segment
        return {**segment, "nodes": [self._with_state(node) for node in segment["nodes"]]}

    def _with_state(self, node: dict[str, Any]) -> dict[str, Any]:
        state = self._states.get(_key(node))
        if state is None:
            return node
        failures, until = state
        wait_ms = max(0, round((until - monotonic()) * 1000))
        return {**node, "circuit": {"failures": failures, "wait_ms": wait_ms}}

    def read(self, segment: Segment, circuits: dict[str, Any]) -> None:
        """Take over what the metrics of a segment tell."""
        for node in segment["nodes"]:
            state = circuits.get(node["id"])
            if state is None:
                self._states.pop(_key(node), None)
            else:
                until = monotonic() + state["wait_ms"] / 1000
                self._states[_key(node)] = state["failures"], until

    def count(self, segment: Segment, node_id: str | None) -> None:
        """Count a call that the engine could not count: it was stopped, or took it down."""
        for node in segment["nodes"]:
            if node["id"] == node_id:
                failures = self._states.get(_key(node), (0, 0.0))[0] + 1
                until = monotonic() + (OPEN_S if failures >= OPENS_AT else 0)
                self._states[_key(node)] = failures, until


def _key(node: dict[str, Any]) -> str:
    return json.dumps([node["id"], node["node_type"], node["params"]], sort_keys=True)
