"""`remotemedia inspect`."""

import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from remotemedia._package import Package
from remotemedia._pipeline import Pipeline
from remotemedia.cli._downloads import sizes_of
from remotemedia.cli._facts import facts_of
from remotemedia.cli._options import (
    BundleArgument,
    Json,
    RequireSignature,
    TrustedKeys,
    package_options,
)
from remotemedia.cli._output import print_json, print_table, readable_size, show
from remotemedia.cli._pipelines import catalog
from remotemedia.cli.verify import describe

EXAMPLES = ["inspect voice.rmpkg", "inspect voice.rmpkg --trusted-key my.key.pub --json"]

_DIGITS = 12
"""Of a hash, where it is only shown."""


def command(
    bundle: BundleArgument,
    *,
    assets: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Measure downloads in this folder of assets, not by the sizes of the release.",
        ),
    ] = None,
    trusted_key: TrustedKeys = None,
    require_signature: RequireSignature = False,
    as_json: Json = False,
) -> int:
    """Check a bundle as a host would and tell what is in it; nothing of it runs.

    Contents with sizes and hashes, who signed it, its nodes and where they run, licences, what it
    may do, and what a browser downloads to run it.
    """
    options = package_options(trusted_key, require_signature=require_signature)
    package = Package.load(bundle, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package has told them
        pipeline = Pipeline.from_package(bundle)
    entries = [*catalog(), *(entry for place in package.places.values() for entry in place)]
    facts = facts_of(package, pipeline.plan(), entries, sizes_of(assets))
    if as_json:
        print_json(facts)
    else:
        _print(package, facts)
    return 0


def _print(package: Package, facts: dict[str, Any]) -> None:
    metadata = facts["metadata"] or {}
    for key in ("package_name", "package_version", "description", "author"):
        if key in metadata:
            show(f"{key.removeprefix('package_')}: {metadata[key]}")
    print(f"id: {facts['id']}")
    print(f"trust: {describe(package)}")
    _section("Nodes")
    rows = [(f"node {n['id']}: {n['place']}", n["type"], n["summary"]) for n in facts["nodes"]]
    print_table(("", "", ""), rows)
    _section("May")
    for power in facts["may"]:
        show(power)
    _section("Licences")
    print_table(("", ""), [*facts["licences"].items()])
    _section("Files")
    sizes, hashes = facts["entries"], facts["hashes"]
    lines = [(str(sizes[name]), hashes[name][:_DIGITS], name) for name in sizes]
    print_table(("bytes", "SHA-256", "name"), [*lines, (str(facts["bytes"]), "", "in all, packed")])
    _section(f"A browser downloads ({facts['downloads']['source']})")
    items = facts["downloads"]["items"]
    print_table(("", "bytes", "gzip"), [_download(item) for item in items])
    for name in facts["requires"]:
        show(f"needs {name}")
    for warning in facts["warnings"]:
        show(f"warning: {warning}")


def _section(title: str) -> None:
    print(f"\n{title}")


def _download(item: dict[str, Any]) -> tuple[str, str, str]:
    sizes = [item["bytes"], item["gzip"]]
    size, packed = ("not known" if each is None else readable_size(each) for each in sizes)
    return item["name"], size, packed
