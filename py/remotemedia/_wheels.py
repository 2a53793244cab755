"""Pure wheels in a bundle: checked as strictly as the bundle, and unpacked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remotemedia._errors import PackageError
from remotemedia._zip import MOST_CODE_BYTES, Archive, Limits, Source, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WHEELS = "wheels/"
SITE = "site/"
"""Where wheels are unpacked, in the folder of a bundle."""

_MOST_WHEEL_BYTES = 1 << 20
"""Of the file WHEEL in a wheel."""
_PURE = re.compile(r"wheels/[^/-]+-[^/-]+(?:-[0-9][^/-]*)?-[^/-]+-none-any\.whl")
_COMPILED = (".so", ".pyd", ".dll", ".dylib")


def wheels_in(files: Mapping[str, bytes]) -> list[str]:
    """Return the names of the wheels."""
    return [name for name in files if name.startswith(WHEELS)]


def check_wheels(files: Archive, limits: Limits) -> set[str]:
    """Refuse what is not a pure wheel; return the names of all files in the wheels."""
    found: set[str] = set()
    left = limits.inflated_bytes - sum(files.size(name) for name in files)
    for path in wheels_in(files):
        if not _PURE.fullmatch(path):
            refuse("bad_wheel", "not the name of a pure wheel, …-none-any.whl", path)
        if files.size(path) > MOST_CODE_BYTES:
            refuse("bad_wheel", f"the wheel is larger than {MOST_CODE_BYTES} bytes", path)
        wheel = check_wheel(files[path], path, limits._replace(inflated_bytes=left))
        left -= sum(wheel.values())
        found |= wheel.keys()
    return found


def check_wheel(
    content: bytes,
    path: str,
    limits: Limits = Limits(),  # noqa: B008
) -> dict[str, int]:
    """Refuse a wheel that is not pure, or is no good archive; return the sizes of its files."""
    try:
        archive = Archive(Source(content), limits)
        archive.digests()
    except PackageError as error:
        at = f" at {error.path}" if error.path else ""
        refuse("bad_wheel", f"{error.message} ({error.code}{at})", path)
    tags = _tags(archive, path)
    if "root-is-purelib: true" not in tags or not all(
        line.endswith("-none-any") for line in tags if line.startswith("tag:")
    ):
        refuse("bad_wheel", "it says that it is not pure", path)
    for name in archive:
        if name.lower().endswith(_COMPILED):
            refuse("bad_wheel", f"it is not pure: there is {name}", path)
    return {name: archive.size(name) for name in archive}


def _tags(archive: Archive, path: str) -> list[str]:
    """Return the lines of the file WHEEL."""
    found = [name for name in archive if re.fullmatch(r"[^/]+\.dist-info/WHEEL", name)]
    if len(found) != 1:
        refuse("bad_wheel", "there is not one *.dist-info/WHEEL", path)
    if archive.size(found[0]) > _MOST_WHEEL_BYTES:
        refuse("bad_wheel", f"its {found[0]} is too large", path)
    try:
        text = archive[found[0]].decode()
    except UnicodeDecodeError:
        refuse("bad_wheel", f"its {found[0]} is not UTF-8", path)
    return [line.strip(" \t\r").lower() for line in text.split("\n")]


def is_compiled(name: str) -> bool:
    """Tell whether a file is one that Python would run in place of a source of the same name."""
    return name.lower().endswith((".pyc", *_COMPILED))


def unpack_wheels(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return what the wheels hold, as files below `site/`; of two alike the first counts.

    Compiled files are left out: what runs is what can be read.
    """
    unpacked: dict[str, bytes] = {}
    for path in sorted(wheels_in(files)):
        wheel = Archive(Source(files[path]))
        for name in wheel:
            if not is_compiled(name):
                unpacked.setdefault(SITE + name, wheel[name])
    return unpacked


def write_wheels(files: Mapping[str, bytes], folder: Path) -> None:
    """Unpack the wheels below a folder."""
    for name, content in unpack_wheels(files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
