"""What runs did when, as a Chrome trace: it opens in Perfetto and in `chrome://tracing`."""

from __future__ import annotations

from time import perf_counter, time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remotemedia._segment import Segment

MOST_EVENTS = 200_000
"""How many spans are kept of all runs."""


class Trace:
    """Collects spans. Times that come in are those of `perf_counter`, in seconds."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []
        self._tracks: dict[str, int] = {}
        self._epoch_us = (time() - perf_counter()) * 1e6

    def add(self, name: str, category: str, track: str, start: float, seconds: float) -> None:
        """Add a span on the track of a place."""
        if len(self._events) >= MOST_EVENTS:
            return
        number = self._tracks.setdefault(track, len(self._tracks) + 1)
        self._events.append(
            {
                "name": name,
                "cat": category,
                "ph": "X",
                "ts": self._epoch_us + start * 1e6,
                "dur": seconds * 1e6,
                "pid": 1,
                "tid": number,
            }
        )

    def add_segment(self, segment: Segment, opened: float, metrics: dict[str, Any]) -> None:
        """Add the spans of a segment's nodes, which count from when it was opened."""
        names = {node["order"]: node["id"] for node in segment["nodes"] if "order" in node}
        for order, start_us, duration_us in metrics.get("spans", ()):
            start = opened + start_us / 1e6
            self.add(names[order], "node", segment["place"], start, duration_us / 1e6)

    def report(self) -> dict[str, Any]:
        """Return the trace."""
        names = [
            {"name": "thread_name", "ph": "M", "pid": 1, "tid": number, "args": {"name": track}}
            for track, number in self._tracks.items()
        ]
        return {"traceEvents": [*names, *self._events], "displayTimeUnit": "ms"}
