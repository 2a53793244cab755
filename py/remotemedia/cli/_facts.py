"""What can be told of a bundle without running it."""

from __future__ import annotations

from email.parser import BytesParser
from typing import TYPE_CHECKING, Any

from remotemedia._zip import Archive, Source
from remotemedia.cli._downloads import downloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remotemedia._package import Package
    from remotemedia._segment import Plan
    from remotemedia.cli._downloads import Sizes


def facts_of(
    package: Package, plan: Plan, entries: list[dict[str, Any]], sizes: Sizes
) -> dict[str, Any]:
    """Return what `inspect --json` prints; `entries` are those of all catalogs."""
    summaries = {entry["type"]: entry.get("summary", "") for entry in entries}
    nodes = [
        {"id": node["id"], "type": node["node_type"], "place": part["place"]}
        | {"summary": summaries.get(node["node_type"], "")}
        for part in plan["segments"]
        for node in part["nodes"]
        if "order" in node
    ]
    requires = sorted({name for part in plan["segments"] for name in part["requires"]})
    python = any(part["runtime"] == "python" for part in plan["segments"])
    sandbox = package.has_python and package.trust != "trusted"
    items = downloads(sizes, python=python, sandbox=sandbox, requires=requires)
    return {
        "id": package.id,
        "bytes": package.size,
        "trust": package.trust,
        "key_id": package.key_id,
        "metadata": package.metadata,
        "entries": package.sizes,
        "hashes": package.hashes,
        "nodes": nodes,
        "places": {node["id"]: node["place"] for node in nodes},
        "requires": requires,
        "capabilities": package.capabilities,
        "may": [*powers(package)] or ["compute, and nothing else"],
        "licences": licences(package),
        "downloads": {"source": sizes.source, "items": [item._asdict() for item in items]},
        "warnings": package.warnings,
    }


def powers(package: Package) -> Iterator[str]:
    """Yield in words what a bundle may do beside computing."""
    if any(name.startswith(("models/", "assets/")) for name in package.files):
        yield "read the files that it brings"
    for name in package.modules:
        yield f"run its own WebAssembly, {name}, which reaches nothing but the files of the bundle"
    if package.has_python:
        yield (
            "run its own Python: in browsers in a sandbox, elsewhere with your rights, and only if "
            "you trust its key or say so"
        )
    for origin in package.capabilities["network"]:
        yield f"reach {origin}, if you grant it"


def licences(package: Package) -> dict[str, str]:
    """Return the licences that the bundle and its wheels tell, by name; "not told" if none."""
    told = (package.metadata or {}).get("license")
    found = {"the bundle": told if isinstance(told, str) else "not told"}
    for name in package.files:
        if name.startswith("wheels/"):
            found[name] = _licence_of(package.files[name])
    return found


def _licence_of(wheel: bytes) -> str:
    archive = Archive(Source(wheel))
    names = [name for name in archive if name.endswith(".dist-info/METADATA")]
    if not names:
        return "not told"
    metadata = BytesParser().parsebytes(archive[names[0]], headersonly=True)
    classifiers = [text for text in metadata.get_all("Classifier", []) if "License ::" in text]
    named = metadata["License-Expression"] or (metadata["License"] or "").partition("\n")[0]
    return named or (classifiers[0].rpartition(" :: ")[2] if classifiers else "not told")
