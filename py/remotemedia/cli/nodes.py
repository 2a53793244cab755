"""Lists the Python nodes; with --json their catalog entries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from remotemedia._registry import Registry
from remotemedia.cli._output import print_json

if TYPE_CHECKING:
    import argparse


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print the catalog")


def execute(options: argparse.Namespace) -> int:
    """List."""
    catalog = Registry().catalog()
    if options.json:
        print_json(catalog, indent=2)
        return 0
    for entry in catalog:
        params = ", ".join(
            f"{name}={json.dumps(spec['default'])}" if "default" in spec else name
            for name, spec in entry["params"]["properties"].items()
        )
        print(f"{entry['type']}({params}): {entry['summary']}")
    return 0
