"""Bundles (`.rmpkg`): reading them as untrusted input.

The checks stand in docs/bundles.md, in full and in their order in docs/internals/bundles.md. A file
is checked piece by piece where it lies and comes into memory only when nothing is wrong with it.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remotemedia._bundle_catalog import read_catalog
from remotemedia._bundle_modules import MODULES, check_modules, module_name
from remotemedia._capabilities import read_capabilities
from remotemedia._documents import MOST_BYTES, read_document
from remotemedia._errors import PackageError
from remotemedia._manifest import RELEASE, is_at_most
from remotemedia._packing import INTEGRITY, MANIFEST, METADATA, manifest_in, pack, read_manifest
from remotemedia._schema import TARGETS
from remotemedia._signature import (
    SIGNATURE,
    is_right,
    key_id_of,
    load_private_key,
    new_key,
    public_key_text,
    read_public_key,
    read_signature,
    save_private_key,
)
from remotemedia._signing import sign, verify
from remotemedia._wheels import check_wheels
from remotemedia._zip import Archive, Limits, Source, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike

    from remotemedia._capabilities import Capabilities
    from remotemedia._catalog import Entry

__all__ = [
    "Limits",
    "Package",
    "key_id_of",
    "load_private_key",
    "manifest_in",
    "new_key",
    "pack",
    "public_key_text",
    "read_manifest",
    "save_private_key",
    "sign",
    "verify",
]


class Package:
    """A bundle whose content was checked; nothing of it has run."""

    def __init__(
        self,
        source: Source,
        limits: Limits,
        trusted_keys: Iterable[str],
        *,
        require_signature: bool,
    ) -> None:
        keys = [trusted_keys] if isinstance(trusted_keys, str) else trusted_keys
        trusted = {read_public_key(key) for key in keys}
        self._files = files = Archive(source, limits)
        self.hashes: dict[str, str] = files.digests()
        """SHA-256 of every file, by name."""
        self.id = source.sha256()
        """SHA-256 of the bundle."""
        self.size = source.size
        """In bytes."""
        self.warnings: list[str] = []
        """What is odd but no reason to refuse."""
        if MANIFEST not in files:
            refuse("missing_manifest", "there is no manifest.json")
        _check_integrity(files, self.hashes)
        self.key_id: str | None = None
        """Id of the key that signed it, None if it is unsigned."""
        self.trust = self._read_trust(trusted)
        """unsigned, unknown-key (signed, but not by a trusted key) or trusted."""
        self.manifest = read_document(files, MANIFEST)
        self.capabilities: Capabilities = read_capabilities(self.manifest)
        """What it asks for: `{"network": [origin, …]}`."""
        _check_runtime(self.manifest)
        check_modules(files)
        self.catalog = read_catalog(files, check_wheels(files, limits))
        """`catalog.json`: the node types that it brings; None if it brings none."""
        if require_signature and self.trust != "trusted":
            refuse("signature_required", f"it must be signed by a trusted key, but is {self.trust}")
        self.metadata = self._read_metadata()
        """`metadata.json`, None if there is none."""
        if "runtime.wasm" in files:
            self.warnings.append("the bundle's own runtime.wasm is not used")

    @classmethod
    def load(
        cls,
        source: str | PathLike[str] | bytes,
        limits: Limits = Limits(),  # noqa: B008
        *,
        trusted_keys: Iterable[str] = (),
        require_signature: bool = False,
    ) -> Package:
        """Read a bundle from a path or its bytes; raises PackageError with the refusal as code.

        `trusted_keys` are public keys in base64. With `require_signature` a bundle is refused that
        none of them has signed.
        """
        options: Any = {"trusted_keys": trusted_keys, "require_signature": require_signature}
        if isinstance(source, bytes):
            return cls(Source(source), limits, **options)
        with Path(source).open("rb") as file:
            package = cls(Source(file), limits, **options)
            file.seek(0)
            content = Source(file.read(limits.file_bytes))
        if content.sha256() != package.id:
            message = "the file has changed while it was read"
            raise PackageError(message, code="changed")
        package._files = Archive(content, limits)
        return package

    @property
    def files(self) -> Mapping[str, bytes]:
        """All files by name; each is inflated when it is asked for."""
        return self._files

    @property
    def sizes(self) -> dict[str, int]:
        """How long every file is, in bytes."""
        return {name: self._files.size(name) for name in self._files}

    @property
    def places(self) -> dict[str, list[Entry]]:
        """Catalog entries by place: `python`, `rust:<module>`."""
        return self.catalog["places"] if self.catalog else {}

    @property
    def has_python(self) -> bool:
        """Whether it brings Python nodes, which natively run with the user's rights."""
        return bool(self.places.get("python"))

    @cached_property
    def modules(self) -> dict[str, bytes]:
        """WebAssembly modules with nodes, by name."""
        return {
            name: self._files[path]
            for path in self._files
            if path.startswith(MODULES) and (name := module_name(path)) is not None
        }

    def _read_trust(self, trusted: set[bytes]) -> str:
        if SIGNATURE not in self._files:
            return "unsigned"
        if self._files.size(SIGNATURE) > MOST_BYTES:
            refuse("bad_signature", f"larger than {MOST_BYTES} bytes", SIGNATURE)
        signature = read_signature(self._files[SIGNATURE])
        if INTEGRITY not in self._files:
            refuse("bad_signature", f"there is no {INTEGRITY} that it could sign", SIGNATURE)
        right = is_right(signature, self._files[INTEGRITY])
        if right is False:
            refuse("bad_signature", f"it is not the signature of {INTEGRITY}", SIGNATURE)
        self.key_id = signature.key_id
        if right is None:
            self.warnings.append("the signature is not verified: cryptography is not installed")
            return "unknown-key"
        return "trusted" if signature.public_key in trusted else "unknown-key"

    def _read_metadata(self) -> dict[str, Any] | None:
        if METADATA not in self._files:
            return None
        try:
            return read_document(self._files, METADATA)
        except PackageError:
            self.warnings.append("metadata.json is not a JSON object and is ignored")
            return None


def _check_integrity(files: Archive, hashes: dict[str, str]) -> None:
    if INTEGRITY not in files:
        return
    integrity = read_document(files, INTEGRITY)
    listed = integrity.get("entries")
    if integrity.get("algorithm") != "sha256" or not isinstance(listed, dict):
        refuse("bad_json", 'not {"algorithm": "sha256", "entries": {…}}', INTEGRITY)
    for name, found in hashes.items():
        if name in (INTEGRITY, SIGNATURE):
            continue
        if name not in listed:
            refuse("unlisted_entry", "integrity.json does not name it", name)
        if found != listed[name]:
            refuse("hash_mismatch", "its SHA-256 is another", name)
    for name in listed:
        if name not in files or name in (INTEGRITY, SIGNATURE):
            refuse("missing_entry", "integrity.json names it, but it is not there", name)


def _check_runtime(manifest: dict[str, Any]) -> None:
    runtime = manifest.get("runtime")
    if not isinstance(runtime, dict):
        return
    target, oldest = runtime.get("target"), runtime.get("min_version")
    if isinstance(target, str) and target not in TARGETS:
        refuse("wrong_target", f"the target is {target!r}", MANIFEST)
    if isinstance(oldest, str) and not is_at_most(oldest, RELEASE):
        refuse("newer_version", f"it needs version {oldest}, this is {RELEASE}", MANIFEST)
