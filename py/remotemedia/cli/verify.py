"""`remotemedia verify`."""

import json

from remotemedia._package import Package
from remotemedia.cli._options import BundleArgument, Json, TrustedKeys, read_keys
from remotemedia.cli._output import print_json, show

EXAMPLES = ["verify voice.rmpkg --trusted-key my.key.pub"]

TRUSTED, NOT_TRUSTED = 0, 1


def command(
    bundle: BundleArgument, *, trusted_key: TrustedKeys = None, as_json: Json = False
) -> int:
    """Check a bundle and tell whether a key that you trust has signed it.

    The exit code is 0 if so, 1 if it is unsigned or signed by another key, 2 if the bundle is
    damaged or its signature is wrong.
    """
    package = Package.load(bundle, trusted_keys=read_keys(trusted_key))
    key = _public_key(package)
    if as_json:
        told = {"trust": package.trust, "key_id": package.key_id, "public_key": key}
        print_json({**told, "warnings": package.warnings})
    else:
        show(f"{bundle}: {describe(package)}")
        if package.trust == "unknown-key":
            print(f"public key: {key}")
        for warning in package.warnings:
            show(f"warning: {warning}")
    return TRUSTED if package.trust == "trusted" else NOT_TRUSTED


def describe(package: Package) -> str:
    """Return the trust in words."""
    return {
        "unsigned": "not signed",
        "unknown-key": f"signed by {package.key_id}, a key that you do not trust",
        "trusted": f"signed by {package.key_id}, a key that you trust",
    }[package.trust]


def _public_key(package: Package) -> str | None:
    if package.key_id is None:
        return None
    public_key: str = json.loads(package.files["signature.json"])["public_key"]
    return public_key
