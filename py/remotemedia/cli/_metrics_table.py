"""Metrics as tables for people."""

from __future__ import annotations

import sys
from typing import Any

from remotemedia.cli._output import print_table, readable_size, tell


def print_metrics(metrics: dict[str, Any]) -> None:
    """Print to standard error what a run measured."""
    rows = [
        (
            *(node["node_id"], node["node_type"], node["runtime"]),
            *(str(node["execution_count"]), str(node["error_count"])),
            *(_ms(node["total_duration_us"]), _us(node["avg_duration_us"])),
        )
        for node in metrics["node_metrics"]
    ]
    head = ("node", "type", "runtime", "calls", "errors", "total", "each")
    print_table(head, rows, sys.stderr)
    crossings = [
        (*(c["from"], c["to"], str(c["packets"])), readable_size(c["bytes"]))
        for c in metrics["crossing_metrics"]
    ]
    if crossings:
        print(file=sys.stderr)
        print_table(("from", "to", "packets", "bytes"), crossings, sys.stderr)
    loads = {name: ms for name, ms in metrics["load_metrics"].items() if ms is not None}
    peak = metrics["peak_memory_bytes"]
    total = [f"total {_ms(metrics['total_duration_us'])}"]
    total += [f"loading {name.removesuffix('_ms')} {ms:.1f} ms" for name, ms in loads.items()]
    total += [f"peak memory {readable_size(peak)}"] if peak else []
    tell(", ".join(total))


def _ms(us: float) -> str:
    return f"{us / 1000:.2f} ms"


def _us(us: float | None) -> str:
    return "" if us is None else f"{us:.1f} µs"
