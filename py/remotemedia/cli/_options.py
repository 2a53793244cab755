"""Arguments and options that several commands share.

Not `from __future__ import annotations`, here and in the commands: typer reads the annotations.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

PipelineArgument = Annotated[
    str,
    typer.Argument(
        metavar="PIPELINE",
        help="A manifest (.json, .yaml), a .rmpkg bundle, or a folder with a manifest.",
    ),
]
BundleArgument = Annotated[
    Path, typer.Argument(metavar="BUNDLE", help="A .rmpkg file.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Runtime = Annotated[
    Literal["auto", "rust", "python"],
    typer.Option(help="Where nodes run that have no hint of their own."),
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust", help="Run the bundle's own Python nodes. They run with your rights, unconfined."
    ),
]
TrustedKeys = Annotated[
    list[str] | None,
    typer.Option(
        "--trusted-key",
        metavar="KEY|FILE",
        help="A public key to trust: its base64 text, or a file with it. May be repeated.",
    ),
]
RequireSignature = Annotated[
    bool, typer.Option("--require-signature", help="Refuse what no trusted key has signed.")
]
GrantNetwork = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ORIGIN", help="Let the bundle reach this origin, if it asks. May be repeated."
    ),
]


def read_keys(given: list[str] | None) -> list[str]:
    """Return public keys as text; what names a file stands for the first line of it."""
    keys = []
    for text in given or ():
        path = Path(text)
        keys.append(path.read_text(encoding="utf-8").strip() if path.is_file() else text)
    return keys


def package_options(
    trusted_keys: list[str] | None, *, require_signature: bool, **more: Any
) -> dict[str, Any]:
    """Return keyword arguments for `Package.load` or `Pipeline.from_package`."""
    return {
        "trusted_keys": read_keys(trusted_keys),
        "require_signature": require_signature,
        **more,
    }
