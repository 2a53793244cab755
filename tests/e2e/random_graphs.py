"""Writes random graphs with what the Python engine makes of them, for hosts that must agree.

    usage: python random_graphs.py COUNT FILE.json

The file is a list of `{"manifest", "input" | "sources", "sinks", "error", "skipped"}`, values in
JSON form; `error` and `skipped` may be null. The same count gives the same graphs.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "py" / "tests"), str(ROOT / "py")]

from graphs import Case, cases  # noqa: E402 - found only now
from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402

from remotemedia import Pipeline, RemoteMediaError  # noqa: E402
from remotemedia._json_form import to_json_form  # noqa: E402


def renamed(case: Case, prefix: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return manifest and input with ids of their own: runners remember nodes by their ids."""
    manifest = case.manifest
    nodes = [node | {"id": prefix + node["id"]} for node in manifest["nodes"]]
    wires = [{key: prefix + end for key, end in wire.items()} for wire in manifest["connections"]]
    given_ = dict(case.given)
    if "sources" in given_:
        given_["sources"] = {prefix + name: items for name, items in given_["sources"].items()}
    return manifest | {"nodes": nodes, "connections": wires}, given_


def outcome(manifest: dict[str, Any], given_: dict[str, Any]) -> dict[str, Any]:
    """Run in Python alone."""
    nodes = [node | {"runtime_hint": "python"} for node in manifest["nodes"]]
    pipeline = Pipeline.from_manifest(manifest | {"nodes": nodes}, runtime_hint="python")
    arguments = [given_["input"]] if "input" in given_ else []
    sources = {"sources": given_["sources"]} if "sources" in given_ else {}
    try:
        sinks = pipeline.run_sync(*arguments, **sources, by_sink=True)
    except RemoteMediaError as error:
        wire = error.to_wire()
        place = {key: wire[key] for key in ("name", "node_id", "item_index")}
        return {"sinks": to_json_form(error.delivered or {}), "error": place, "skipped": None}
    return {"sinks": to_json_form(sinks), "error": None, "skipped": pipeline.skipped["count"]}


def main(count: int, target: Path) -> None:
    """Write the file."""
    rows: list[dict[str, Any]] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def collect(case: Case) -> None:
        manifest, given_ = renamed(case, f"g{len(rows)}-")
        rows.append({"manifest": manifest, **to_json_form(given_), **outcome(manifest, given_)})

    collect()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(rows), encoding="utf-8")


main(int(sys.argv[1]), Path(sys.argv[2]))
