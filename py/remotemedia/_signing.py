"""Signs bundles, and verifies their signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotemedia._errors import RuntimeLoadError
from remotemedia._packing import INTEGRITY
from remotemedia._signature import (
    SIGNATURE,
    is_right,
    read_public_key,
    read_signature,
    signature_of,
)
from remotemedia._zip import Archive, Source, refuse, write_zip

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def sign(bundle: bytes, private_key: Ed25519PrivateKey) -> bytes:
    """Return the bundle with a signature, which replaces an earlier one.

    The other files stay as they are. The same bundle and key give the same bytes.
    """
    from remotemedia._package import Package

    files = dict(Package.load(_unsigned(bundle)).files)
    if INTEGRITY not in files:
        refuse("bad_signature", f"there is no {INTEGRITY} to sign: pack the bundle anew")
    return write_zip(files | {SIGNATURE: signature_of(files[INTEGRITY], private_key)})


def verify(bundle: bytes, public_key: str | None = None) -> str:
    """Return the id of the key that signed a bundle, which must be `public_key` if one is given.

    Raises PackageError: `signature_required` if it is unsigned or signed by another key, and what
    loading raises; RuntimeLoadError where signatures cannot be verified.
    """
    from remotemedia._package import Package

    package = Package.load(bundle)
    if package.key_id is None:
        refuse("signature_required", "the bundle is not signed")
    signature = read_signature(package.files[SIGNATURE])
    if is_right(signature, package.files[INTEGRITY]) is None:
        message = "signatures cannot be verified here: pip install cryptography"
        raise RuntimeLoadError(message)
    if public_key is not None and signature.public_key != read_public_key(public_key):
        refuse("signature_required", f"the bundle is signed by another key, {package.key_id}")
    return package.key_id


def _unsigned(bundle: bytes) -> bytes:
    """Return a bundle without its signature, which may be wrong."""
    files = dict(Archive(Source(bundle)))
    if files.pop(SIGNATURE, None) is None:
        return bundle
    return write_zip(files)
