"""`remotemedia sign`."""

import errno
import os
from pathlib import Path
from typing import Annotated

import typer

from remotemedia._json_form import JsonFormError
from remotemedia._package import (
    Package,
    load_private_key,
    new_key,
    public_key_text,
    save_private_key,
    sign,
)
from remotemedia.cli._options import BundleArgument, Json
from remotemedia.cli._output import print_json, replaced_when_done

EXAMPLES = [
    "sign voice.rmpkg --key my.key --new-key",
    "sign voice.rmpkg --key my.key -o signed.rmpkg",
]


def command(
    bundle: BundleArgument,
    *,
    key: Annotated[
        Path, typer.Option(metavar="FILE", help="The private key: Ed25519, PKCS8 in PEM.")
    ],
    make_key: Annotated[
        bool,
        typer.Option(
            "--new-key", help="Make the key first: FILE, and FILE.pub for those who trust you."
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to; the bundle itself if left out."
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Sign a bundle with your private key.

    Only the signature changes; an earlier one is replaced. Keep FILE to yourself and give the
    public key, which is printed, to those who shall trust your bundles.
    """
    content = bundle.read_bytes()
    if make_key:
        _make_key(key)
    try:
        private = load_private_key(key)
    except ValueError as error:
        raise JsonFormError(str(error)) from None
    signed = sign(content, private)
    target = output or bundle
    with replaced_when_done(target) as unfinished:
        unfinished.write_bytes(signed)
    told = {
        "output": str(target),
        "key_id": Package.load(signed).key_id,
        "public_key": public_key_text(private),
    }
    if as_json:
        print_json(told)
    else:
        print(f"{told['output']}: signed with the key {told['key_id']}")
        print(f"public key: {told['public_key']}")
    return 0


def _make_key(key: Path) -> None:
    """Write both halves of a new key; of an earlier one nothing is touched."""
    public = key.with_name(f"{key.name}.pub")
    if public.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(public))
    made = new_key()
    save_private_key(made, key)
    with public.open("x", encoding="utf-8") as file:
        file.write(f"{public_key_text(made)}\n")
