"""`remotemedia inspect`."""

from typing import Any

from remotemedia._package import Package
from remotemedia._pipeline import Pipeline
from remotemedia.cli._options import BundleArgument, Json
from remotemedia.cli._output import print_json

EXAMPLES = ["inspect voice.rmpkg", "inspect voice.rmpkg --json"]


def command(bundle: BundleArgument, *, as_json: Json = False) -> int:
    """Check a bundle as a host would, run nothing of it, and tell what is in it."""
    package = Package.load(bundle)
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
    if as_json:
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
