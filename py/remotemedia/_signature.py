"""Signatures of bundles: Ed25519 over the bytes of `integrity.json` (docs/internals/bundles.md)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from remotemedia._documents import parse_document
from remotemedia._errors import RuntimeLoadError
from remotemedia._zip import refuse

if TYPE_CHECKING:
    from os import PathLike

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNATURE = "signature.json"

_KEY_BYTES, _SIGNATURE_BYTES = 32, 64


class Signature(NamedTuple):
    """What `signature.json` holds, well-formed but not verified."""

    key_id: str
    public_key: bytes
    signature: bytes


def read_signature(content: bytes) -> Signature:
    """Read `signature.json`; refuses one that is malformed."""
    fields = parse_document(content, SIGNATURE, "bad_signature")
    if fields.get("algorithm") != "ed25519":
        refuse("bad_signature", "not a signature of the algorithm ed25519", SIGNATURE)
    key = _bytes_of(fields.get("public_key"), _KEY_BYTES)
    signature = _bytes_of(fields.get("signature"), _SIGNATURE_BYTES)
    if key is None or signature is None:
        refuse("bad_signature", "public_key and signature are base64 of 32 and 64 bytes", SIGNATURE)
    if fields.get("key_id") != key_id_of(key):
        refuse("bad_signature", "key_id is not that of the public key", SIGNATURE)
    return Signature(key_id_of(key), key, signature)


def is_right(signature: Signature, message: bytes) -> bool | None:
    """Tell whether a signature is right; None where nothing is there that can tell."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return None
    try:
        Ed25519PublicKey.from_public_bytes(signature.public_key).verify(
            signature.signature, message
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def signature_of(message: bytes, private_key: Ed25519PrivateKey) -> bytes:
    """Return `signature.json` for the bytes of `integrity.json`."""
    key = _raw(private_key)
    fields = {
        "algorithm": "ed25519",
        "key_id": key_id_of(key),
        "public_key": _text_of(key),
        "signature": _text_of(private_key.sign(message)),
    }
    return (json.dumps(fields, indent=2) + "\n").encode()


def key_id_of(public_key: bytes) -> str:
    """Return the short name of a public key."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def read_public_key(text: str) -> bytes:
    """Return the raw key of its base64 text; raises ValueError."""
    key = _bytes_of(text.strip(), _KEY_BYTES)
    if key is None:
        message = f"{text!r} is not a public key: base64 of 32 bytes"
        raise ValueError(message)
    return key


def new_key() -> Ed25519PrivateKey:
    """Make a private key."""
    _need_cryptography()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate()


def save_private_key(private_key: Ed25519PrivateKey, path: str | PathLike[str]) -> None:
    """Write a private key as PKCS8 PEM that only its owner can read; an existing file stays."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)


def load_private_key(path: str | PathLike[str]) -> Ed25519PrivateKey:
    """Read a private key; raises ValueError if the file is none."""
    _need_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    message = f"{path} is not an Ed25519 private key in PKCS8 PEM without password"
    try:
        key = load_pem_private_key(Path(path).read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(message) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(message)
    return key


def public_key_text(private_key: Ed25519PrivateKey) -> str:
    """Return the base64 text of the public key, which is what trusted keys are given as."""
    return _text_of(_raw(private_key))


def _raw(private_key: Ed25519PrivateKey) -> bytes:
    return private_key.public_key().public_bytes_raw()


def _text_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes_of(text: Any, length: int) -> bytes | None:
    """Return the bytes of a base64 text if there are so many; None if it is written otherwise."""
    if not isinstance(text, str):
        return None
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == length and _text_of(raw) == text else None


def _need_cryptography() -> None:
    try:
        import cryptography  # noqa: F401 - is it there?
    except ImportError:
        message = "signing needs cryptography: pip install cryptography"
        raise RuntimeLoadError(message) from None
