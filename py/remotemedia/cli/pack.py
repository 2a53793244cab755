"""Packs a folder with a manifest into a .rmpkg bundle; the same sources give the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from remotemedia._package import Package, pack
from remotemedia._pipeline import Pipeline

if TYPE_CHECKING:
    import argparse


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, required=True)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(options: argparse.Namespace) -> int:
    """Pack, then read the bundle back and validate its manifest."""
    bundle = pack(options.folder)
    package = Package.load(bundle)
    Pipeline.from_manifest(package.manifest).plan()
    options.output.write_bytes(bundle)
    told = {"output": str(options.output), "bytes": len(bundle), "entries": [*package.files]}
    if options.json:
        print(json.dumps(told))
    else:
        print(f"{options.output}: {len(bundle)} bytes, {len(package.files)} entries")
    return 0
