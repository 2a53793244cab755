"""The shape in which an engine gets its work, and a whole manifest in that shape.

With the planner (in the Rust module) a manifest becomes several segments. Without it, everything
runs in Python as one segment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remotemedia._manifest import NormalManifest

Plan = dict[str, Any]
Segment = dict[str, Any]


def plan_of_one(manifest: NormalManifest, *, metrics: bool, requires: list[str]) -> Plan:
    """Return the plan with one Python segment."""
    ids = [node["id"] for node in manifest.nodes]
    ends = {connection["to"].rpartition(".")[0] for connection in manifest.connections}
    starts = {connection["from"].rpartition(".")[0] for connection in manifest.connections}
    sources = [name for name in ids if name not in ends]
    sinks = [name for name in ids if name not in starts]
    inputs = list(enumerate(sources))
    outputs = list(enumerate(sinks, len(sources)))
    nodes = sorted(
        ({"on_error": "fail", **node} for node in manifest.nodes), key=lambda node: node["order"]
    )
    segment = {
        "place": "python",
        "runtime": "python",
        "requires": requires,
        "metrics": metrics,
        "trace": False,
        "nodes": [
            *(_pseudo(f"__in_{edge}", "__In", edge=edge) for edge, _ in inputs),
            *nodes,
            *(_pseudo(f"__out_{edge}", "__Out", edge=edge, to=None) for edge, _ in outputs),
        ],
        "connections": [
            *({"from": f"__in_{edge}.out", "to": f"{name}.in"} for edge, name in inputs),
            *manifest.connections,
            *({"from": f"{name}.*", "to": f"__out_{edge}.in"} for edge, name in outputs),
        ],
    }
    return {
        "name": manifest.name,
        "sources": sources,
        "sinks": sinks,
        "inputs": [
            {"edge": edge, "node": name, "segment": 0, "generates": name in manifest.generating}
            for edge, name in inputs
        ],
        "outputs": [{"edge": edge, "node": name, "segment": 0} for edge, name in outputs],
        "segments": [segment],
        "graph_info": {
            "node_count": len(ids),
            "connection_count": len(manifest.connections),
            "source_count": len(sources),
            "sink_count": len(sinks),
            "execution_order": [node["id"] for node in nodes],
        },
    }


def _pseudo(name: str, kind: str, **params: Any) -> dict[str, Any]:
    return {"id": name, "node_type": kind, "params": params}
