"""Opens what `Pipeline.from_package` takes: a bundle, or a folder with the sources of one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remotemedia._bundle import Bundle, Content, Grant
from remotemedia._bundle_cache import lay_out
from remotemedia._package import Package
from remotemedia._zip import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

SUFFIX = ".rmpkg"
"""What the names of bundles end with."""


def open_bundle(
    source: str | PathLike[str] | bytes,
    *,
    trust: bool,
    grant_network: Iterable[str],
    trusted_keys: Iterable[str],
    require_signature: bool,
) -> tuple[dict[str, Any], Bundle, list[str]]:
    """Return the manifest of a bundle or folder, its content, and what is odd about it."""
    grant = Grant(trust, grant_network)
    if not isinstance(source, bytes) and Path(source).is_dir():
        _check_folder(Path(source), require_signature=require_signature)
        from remotemedia._unpacked import read_folder

        manifest, content = read_folder(Path(source))
        return manifest, Bundle(content, grant), []
    package = Package.load(source, trusted_keys=trusted_keys, require_signature=require_signature)
    content = Content(
        id=package.id,
        places=package.places,
        capabilities=package.capabilities,
        has_python=package.has_python,
        trusted=package.trust == "trusted",
        modules=lambda: package.modules,
        lay_out=partial(lay_out, package.id, package.files),
    )
    return package.manifest, Bundle(content, grant), package.warnings


def _check_folder(folder: Path, *, require_signature: bool) -> None:
    """Refuse a folder where a bundle was meant: its code would run unasked, as the user's own."""
    if folder.suffix.lower() == SUFFIX:
        refuse("not_a_zip", f"{folder} is a folder, which is called like a bundle")
    if require_signature:
        refuse("signature_required", f"only a bundle can be signed, {folder} is a folder")
