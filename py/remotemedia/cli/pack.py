"""`remotemedia pack`."""

import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from remotemedia._errors import ManifestError, RuntimeLoadError
from remotemedia._json_form import JsonFormError
from remotemedia._json_text import parse_json
from remotemedia._package import Package, manifest_in, pack, read_manifest
from remotemedia._pipeline import Pipeline
from remotemedia.cli._options import Json
from remotemedia.cli._output import print_json, replaced_when_done

EXAMPLES = ["pack . -o voice.rmpkg", "pack --manifest voice.json --output voice.rmpkg"]


def command(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="A folder with a manifest; this one if left out."),
    ] = None,
    *,
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", "-m", metavar="FILE", help="The manifest itself, of any name."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write the bundle; NAME.rmpkg here if left out.",
        ),
    ] = None,
    metadata: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A JSON object that goes over that in metadata.json."),
    ] = None,
    wasm: Annotated[
        Path | None,
        typer.Option("--wasm", "-w", metavar="FILE", help="Not needed any more: left out."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Pack a manifest and what lies beside it into a .rmpkg bundle.

    The folders nodes, wheels, modules, models and assets beside the manifest go along. The same
    sources give the same bytes.
    """
    if folder is not None and manifest is not None:
        raise JsonFormError("give either DIR or --manifest FILE")
    source = manifest or manifest_in(folder or Path())
    _check_before(read_manifest(source)[0])
    if wasm is not None:
        warnings.warn("--wasm is left out: every host has its own runtime", stacklevel=1)
    bundle = pack(source, None if metadata is None else _read_metadata(metadata))
    package = Package.load(bundle)
    Pipeline.from_package(bundle).plan()
    target = output or Path(f"{(package.metadata or {}).get('package_name', 'pipeline')}.rmpkg")
    with replaced_when_done(target) as unfinished:
        unfinished.write_bytes(bundle)
    told = {"output": str(target), "bytes": len(bundle), "entries": [*package.files]}
    if as_json:
        print_json(told)
    else:
        print(f"{target}: {len(bundle)} bytes, {len(package.files)} entries")
    return 0


def _read_metadata(path: Path) -> dict[str, Any]:
    try:
        fields = parse_json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        message = f"{path} is not JSON: {error}"
        raise JsonFormError(message) from None
    if not isinstance(fields, dict):
        message = f"{path} is not a JSON object"
        raise JsonFormError(message)
    return fields


def _check_before(manifest: dict[str, Any]) -> None:
    """Raise ManifestError unless only types are unknown, which the bundle may bring."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the bundle will tell them
            Pipeline.from_manifest(manifest).plan()
    except RuntimeLoadError:
        pass  # without the Rust runtime unknown types look like Rust nodes
    except ManifestError as error:
        if any(issue.code != "unknown_type" for issue in error.issues if issue.severity == "error"):
            raise
