"""What runs counted and measured, in the shape of SPEC §10."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remotemedia._runner import Place
    from remotemedia._steps import Step

MAX_SKIPPED = 100
"""How many skipped errors are kept; all are counted."""

_SUMS = ("execution_count", "success_count", "error_count", "total_duration_us")


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
        self._total_us = 0.0
        self._overhead_us = 0.0
        self._nodes: dict[str, dict[str, Any]] = {}
        self._crossings: dict[tuple[str, str], dict[str, Any]] = {}
        self.load_ms: dict[str, float | None] = {
            "wasm_ms": None,
            "pyodide_ms": None,
            "packages_ms": None,
        }

    def add(self, places: list[tuple[Place, dict[str, Any]]], us: float, began: float) -> None:
        """Add a run that took so long, with what its places told since `began`."""
        self._runs += 1
        self._total_us += us
        for place, metrics in places:
            for node in metrics["nodes"]:
                self._add_node(node)
            for crossing in getattr(place, "crossings", ()):
                if not crossing["packets"]:
                    continue
                key = crossing["from"], crossing["to"]
                known = self._crossings.setdefault(key, dict.fromkeys(crossing, 0) | _ends(key))
                for field in ("packets", "bytes", "total_duration_us"):
                    known[field] += crossing[field]
        self._overhead_us += (time.perf_counter() - began) * 1e6

    def _add_node(self, node: dict[str, Any]) -> None:
        known = self._nodes.setdefault(node["node_id"], node)
        if known is node:
            return
        for field in _SUMS:
            known[field] += node[field]
        for field, choose in (("min_duration_us", min), ("max_duration_us", max)):
            values = [value for value in (known[field], node[field]) if value is not None]
            known[field] = choose(values) if values else None

    def report(self, name: str | None) -> dict[str, Any]:
        """Return the report of SPEC §10."""
        resolution = time.get_clock_info("perf_counter").resolution * 1e6
        memory = peak_memory_bytes()
        return {
            "pipeline_id": name,
            "total_executions": self._runs,
            "total_duration_us": self._total_us,
            "total_duration_ms": self._total_us / 1000,
            "peak_memory_bytes": memory,
            "peak_memory_mb": None if memory is None else memory / 2**20,
            "node_metrics": [_finished(node, resolution) for node in self._nodes.values()],
            "crossing_metrics": list(self._crossings.values()),
            "load_metrics": dict(self.load_ms),
            "clock_resolution_us": resolution,
            "metrics_overhead_us": self._overhead_us,
        }


def _ends(key: tuple[str, str]) -> dict[str, str]:
    return {"from": key[0], "to": key[1]}


def _finished(node: dict[str, Any], resolution: float) -> dict[str, Any]:
    count = node["execution_count"]
    longest = node["max_duration_us"]
    visible = longest is not None and longest > resolution
    return {
        **{key: node[key] for key in ("node_id", "node_type", "runtime")},
        **{key: node[key] for key in _SUMS},
        "success_rate": node["success_count"] / count if count else None,
        "avg_duration_us": node["total_duration_us"] / count if count else None,
        "min_duration_us": node["min_duration_us"] if visible else None,
        "max_duration_us": longest if visible else None,
    }


def peak_memory_bytes() -> int | None:
    """Return the most memory that this process has used, None where that cannot be known."""
    try:
        import resource
    except ImportError:
        return None
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
