"""Arguments and options that several commands share.

Not `from __future__ import annotations`, here and in the commands: typer reads the annotations.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from remotemedia._json_form import JsonFormError
from remotemedia._signature import read_public_key

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
    """Return public keys as text; a file stands for what is in it. Raises JsonFormError."""
    return [_read_key(text) for text in given or ()]


def _read_key(text: str) -> str:
    path = Path(text)
    try:
        key = path.read_text(encoding="utf-8").strip() if path.is_file() else text
        read_public_key(key)
    except ValueError:
        # Not what is in the file: it may be the private key.
        message = f"--trusted-key {text}: neither a public key nor a file with one"
        raise JsonFormError(message) from None
    return key


def package_options(
    trusted_keys: list[str] | None, *, require_signature: bool, **more: Any
) -> dict[str, Any]:
    """Return keyword arguments for `Package.load` or `Pipeline.from_package`."""
    return {
        "trusted_keys": read_keys(trusted_keys),
        "require_signature": require_signature,
        **more,
    }
