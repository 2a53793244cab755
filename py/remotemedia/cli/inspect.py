"""Checks a bundle as a host would, runs nothing of it, and tells what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from remotemedia._package import Package
from remotemedia._pipeline import Pipeline
from remotemedia.cli._output import print_json

if TYPE_CHECKING:
    import argparse


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a .rmpkg file")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(options: argparse.Namespace) -> int:
    """Read the bundle with every check, validate its manifest, print."""
    package = Package.load(options.bundle)
    plan = Pipeline.from_manifest(package.manifest).plan()
    told: dict[str, Any] = {
        "metadata": package.metadata,
        "entries": {name: len(content) for name, content in package.files.items()},
        "requires": sorted({name for part in plan["segments"] for name in part["requires"]}),
        "places": {
            node["id"]: part["place"]
            for part in plan["segments"]
            for node in part["nodes"]
            if "order" in node
        },
        "warnings": package.warnings,
    }
    if options.json:
        print_json(told)
        return 0
    for name, size in told["entries"].items():
        print(f"{size:>10}  {name}")
    for name, place in told["places"].items():
        print(f"node {name}: {place}")
    for package_name in told["requires"]:
        print(f"needs {package_name}")
    for warning in told["warnings"]:
        print(f"warning: {warning}")
    return 0
