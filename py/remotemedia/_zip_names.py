"""Which names the entries of an archive may have: no two file systems shall disagree about them."""

from __future__ import annotations

import re
import struct
import unicodedata
from typing import TYPE_CHECKING

from remotemedia._zip_source import refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNICODE_PATH = 0x7075
_LONGEST_NAME = 1024
_UNPRINTABLE = re.compile(
    r"[\\\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)


def read_name(raw: bytes) -> str:
    """Return an entry's name; of one that is too long only as much as shows that it is."""
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        refuse("bad_name", "an entry name is not UTF-8")
    return name[: _LONGEST_NAME + 1]


def check_unicode_path(extra: bytes, raw_name: bytes) -> None:
    """Refuse an entry that other programs would call by another name."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        # A version and the CRC-32 of the name stand before the name.
        if kind == _UNICODE_PATH and extra[at + 9 : at + 4 + length] != raw_name:
            refuse("bad_name", "an entry has a second, other name")
        at += 4 + length


def check_names(names: Sequence[str]) -> None:
    """Refuse names that leave the folder, cannot be shown, or may be taken for one another."""
    seen: set[str] = set()
    for name in names:
        parts = name.removesuffix("/").split("/")
        if len(name.encode()) > _LONGEST_NAME:
            refuse("bad_name", f"a name longer than {_LONGEST_NAME} bytes", name)
        if _UNPRINTABLE.search(name):
            refuse("bad_name", "a backslash, control character or change of direction", name)
        if re.match(r"/|[A-Za-z]:", name):
            refuse("absolute_path", "an absolute path", name)
        if ".." in parts:
            refuse("path_escape", "the path leaves the bundle", name)
        if any(not part or ":" in part or part[-1] in ". " for part in parts):
            refuse("bad_name", "an empty component, a colon, or a dot or space at an end", name)
        key = _folded("/".join(parts))
        if key in seen:
            refuse("duplicate_name", "the name appears twice", name)
        seen.add(key)
    _check_folders(names)


def _check_folders(names: Sequence[str]) -> None:
    """Refuse files that are folders of other entries too."""
    files = {_folded(name) for name in names if not name.endswith("/")}
    for name in names:
        folder = _folded(name).rpartition("/")[0]
        while folder and folder not in files:
            folder = folder.rpartition("/")[0]
        if folder:
            refuse("duplicate_name", "a folder of that name is a file too", name)


def _folded(name: str) -> str:
    """Return what is equal for names that a file system may take for one."""
    composed = unicodedata.normalize("NFC", name)
    return unicodedata.normalize("NFC", composed.lower().upper())
