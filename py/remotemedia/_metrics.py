"""What a run counted and measured, in the shape of SPEC §10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remotemedia._steps import Step

MAX_SKIPPED = 100
"""How many skipped errors are kept; all are counted."""


def node_metrics(step: Step) -> dict[str, Any]:
    """Return an engine's metrics of one node."""
    return {
        "node_id": step.id,
        "node_type": step.type,
        "runtime": "python",
        "execution_count": step.executions,
        "success_count": step.executions - step.errors,
        "error_count": step.errors,
        "total_duration_us": step.total_us,
        "min_duration_us": step.shortest_us,
        "max_duration_us": step.longest_us,
    }


class RunMetrics:
    """Adds up the metrics of all runs of a pipeline."""

    def __init__(self) -> None:
        self._runs = 0

    def add(self, places: list[Any]) -> None:
        """Add one run."""
        self._runs += 1

    def report(self, name: str) -> dict[str, Any]:
        """Return the report of SPEC §10."""
        return {}
