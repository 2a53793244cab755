"""Packs a manifest and what lies beside it into a .rmpkg bundle.

The folders nodes, wheels, modules, models and assets beside the manifest go along. The same sources
give the same bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from remotemedia._package import Package, manifest_in, pack, read_manifest
from remotemedia._pipeline import Pipeline
from remotemedia.cli._output import print_json

if TYPE_CHECKING:
    import argparse


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("folder", metavar="DIR", type=Path, nargs="?", help="a folder with one")
    source.add_argument("-m", "--manifest", metavar="FILE", type=Path, help="the manifest itself")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, required=True)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(options: argparse.Namespace) -> int:
    """Validate the manifest, pack, then read the bundle back."""
    source = options.manifest or manifest_in(options.folder)
    Pipeline.from_manifest(read_manifest(source)[0]).plan()
    bundle = pack(source)
    package = Package.load(bundle)
    options.output.write_bytes(bundle)
    told = {"output": str(options.output), "bytes": len(bundle), "entries": [*package.files]}
    if options.json:
        print_json(told)
    else:
        print(f"{options.output}: {len(bundle)} bytes, {len(package.files)} entries")
    return 0
