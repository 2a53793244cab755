"""Signatures: what signs, what verifies, what is refused."""

import base64
import hashlib
import json
import os
import stat
import sys

import pytest
from archives import read_zip
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from made_bundles import clamp_bundle

from remotemedia import Package, PackageError, RuntimeLoadError
from remotemedia._package import (
    load_private_key,
    new_key,
    public_key_text,
    save_private_key,
    sign,
    verify,
)
from remotemedia._zip import write_zip

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
"""RFC 8032 in another library gives the same key for these bytes."""
BUNDLE = clamp_bundle()
SIGNED = sign(BUNDLE, KEY)


def refusal(data, **options):
    with pytest.raises(PackageError) as caught:
        Package.load(data, **options)
    return caught.value.code


def with_signature(**changes):
    files = read_zip(SIGNED)
    fields = json.loads(files["signature.json"]) | changes
    return write_zip(files | {"signature.json": json.dumps(fields).encode()})


def test_trust():
    assert public_key_text(KEY) == PUBLIC
    assert Package.load(BUNDLE).trust == "unsigned"
    assert Package.load(BUNDLE).key_id is None
    unknown = Package.load(SIGNED, trusted_keys=[public_key_text(new_key())])
    trusted = Package.load(SIGNED, trusted_keys=[PUBLIC], require_signature=True)
    assert Package.load(SIGNED, trusted_keys=PUBLIC).trust == "trusted"
    assert (unknown.trust, trusted.trust) == ("unknown-key", "trusted")
    key_id = hashlib.sha256(base64.b64decode(PUBLIC)).hexdigest()[:16]
    assert unknown.key_id == trusted.key_id == key_id
    assert trusted.warnings == []


def test_a_signature_is_required():
    assert refusal(BUNDLE, require_signature=True) == "signature_required"
    assert refusal(SIGNED, require_signature=True) == "signature_required"
    stripped = {n: c for n, c in read_zip(SIGNED).items() if n != "signature.json"}
    options = {"trusted_keys": [PUBLIC], "require_signature": True}
    assert refusal(write_zip(stripped), **options) == "signature_required"


def test_signing_changes_nothing_else_and_is_reproducible():
    files = read_zip(SIGNED)
    signature = json.loads(files.pop("signature.json"))
    assert files == read_zip(BUNDLE)
    assert signature["algorithm"] == "ed25519"
    assert sign(BUNDLE, KEY) == sign(SIGNED, KEY) == SIGNED
    other = new_key()
    assert sign(sign(SIGNED, other), KEY) == SIGNED
    assert sign(with_signature(signature="AA=="), KEY) == SIGNED


def test_what_is_not_packed_by_us_can_be_signed_if_it_lists_its_files():
    with pytest.raises(PackageError) as caught:
        sign(write_zip({"manifest.json": b"{}"}), KEY)
    assert caught.value.code == "bad_signature"


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithm": "rsa"},
        {"public_key": public_key_text(new_key())},
        {"public_key": "AAAA"},
        {"public_key": PUBLIC[:-1]},
        {"public_key": f"{PUBLIC[:-2]}h="},  # the same bytes, written otherwise
        {"public_key": None},
        {"key_id": "0123456789abcdef"},
        {"signature": base64.b64encode(bytes(64)).decode()},
        {"signature": base64.b64encode(bytes(63)).decode()},
        {"signature": base64.b64encode(KEY.sign(b"something else")).decode()},
    ],
)
def test_wrong_signatures(changes):
    assert refusal(with_signature(**changes), trusted_keys=[PUBLIC]) == "bad_signature"


def test_a_signature_of_another_bundle():
    other = read_zip(sign(clamp_bundle({"assets/a": "x"}), KEY))
    swapped = read_zip(SIGNED) | {"signature.json": other["signature.json"]}
    assert refusal(write_zip(swapped)) == "bad_signature"


def test_a_signature_of_nothing():
    files = read_zip(SIGNED)
    del files["integrity.json"]
    assert refusal(write_zip(files)) == "bad_signature"
    assert refusal(write_zip(read_zip(BUNDLE) | {"signature.json": b"{}"})) == "bad_signature"


def test_verify():
    assert verify(SIGNED) == verify(SIGNED, PUBLIC) == Package.load(SIGNED).key_id
    for bundle, key in ((BUNDLE, None), (SIGNED, public_key_text(new_key()))):
        with pytest.raises(PackageError) as caught:
            verify(bundle, key)
        assert caught.value.code == "signature_required"


def test_trusted_keys_must_be_keys():
    for wrong in ("", "AAAA", PUBLIC[:-1], "not base64!"):
        with pytest.raises(ValueError, match="not a public key"):
            Package.load(SIGNED, trusted_keys=[wrong])


def test_key_files(tmp_path):
    key, path = new_key(), tmp_path / "my.key"
    save_private_key(key, path)
    assert path.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert public_key_text(load_private_key(path)) == public_key_text(key)
    with pytest.raises(FileExistsError):
        save_private_key(new_key(), path)


def test_files_that_hold_no_such_key(tmp_path):
    path = tmp_path / "my.key"
    rsa = generate_private_key(65537, 2048)
    for content in (
        b"",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="not an Ed25519 private key"):
            load_private_key(path)


def test_without_cryptography(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("cryptography")]:
        monkeypatch.setitem(sys.modules, name, None)
    package = Package.load(SIGNED, trusted_keys=[PUBLIC])
    assert package.trust == "unknown-key"
    assert len(package.warnings) == 1
    assert "cryptography is not installed" in package.warnings[0]
    for call in (new_key, lambda: verify(SIGNED), lambda: load_private_key("any")):
        with pytest.raises(RuntimeLoadError, match="pip install"):
            call()
