"""Lays the files of a bundle out in a folder of their own.

It lies in the cache, or where there is none it is a temporary folder that goes with the process. A
folder appears whole or not at all, also if several processes want it at once. It is read-only;
one that was damaged is laid out anew.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from remotemedia._wheels import is_compiled, unpack_wheels

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "REMOTEMEDIA_CACHE"
"""Environment variable that names another folder for what is kept between runs."""

FOLDERS = ("nodes/", "models/", "assets/")
"""What of a bundle is laid out, besides wheels."""

_INDEX = ".complete.json"
_HASHED_BYTES = 1 << 20
"""Of larger files only the size is compared."""
_HAS_USERS = hasattr(os, "geteuid")
_temporary: dict[str, Path] = {}


def cache_folder() -> Path:
    """Return the folder for what is kept between runs; it need not exist."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local", "remotemedia")
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/remotemedia"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "remotemedia")


def lay_out(bundle_id: str, files: Mapping[str, bytes]) -> Path:
    """Return the folder of a bundle: `nodes/`, `models/`, `assets/`, and its wheels in `site/`."""
    if bundle_id in _temporary and _temporary[bundle_id].is_dir():
        return _temporary[bundle_id]
    try:
        bundles = cache_folder() / "bundles"
        folder = bundles / bundle_id
        if not _is_whole(folder):
            bundles.mkdir(parents=True, exist_ok=True)
            _put(folder, Path(tempfile.mkdtemp(prefix=f".{bundle_id[:16]}-", dir=bundles)), files)
    except (OSError, RuntimeError):  # also where there is no home
        return _lay_out_for_now(bundle_id, files)
    return folder


def _lay_out_for_now(bundle_id: str, files: Mapping[str, bytes]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="remotemedia-"))
    atexit.register(partial(remove, folder))
    _write(folder, files)
    _temporary[bundle_id] = folder
    return folder


def _put(folder: Path, made: Path, files: Mapping[str, bytes]) -> None:
    """Lay out in `made`, then let it take the place of a folder that is missing or damaged."""
    try:
        _write(made, files)
        if os.path.lexists(folder):
            if _is_whole(folder):
                return  # another process was faster, and may be reading it already
            aside = Path(tempfile.mkdtemp(prefix=".damaged-", dir=folder.parent))
            with suppress(FileNotFoundError):  # another process was faster
                folder.rename(aside / "old")
            remove(aside)
        made.rename(folder)
    except OSError:
        if not _is_whole(folder):  # else another process has laid it out meanwhile
            raise
    finally:
        remove(made)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    content = {name: files[name] for name in files if _is_laid_out(name)}
    content |= unpack_wheels(files)
    index = {}
    for name, data in content.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o444)
        index[name] = [len(data), hashlib.sha256(data).hexdigest()]
    (folder / _INDEX).write_text(json.dumps(index), encoding="utf-8")
    for parent, _, _ in os.walk(folder, topdown=False):
        if parent != str(folder):  # which is to be renamed, for which some systems ask
            Path(parent).chmod(0o555)


def _is_laid_out(name: str) -> bool:
    # Of nodes what runs is what can be read, so nothing compiled.
    return name.startswith(FOLDERS) and not (name.startswith("nodes/") and is_compiled(name))


def _is_own(folder: Path) -> bool:
    """Tell whether this user has made a folder; code that others put there must not run."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and (not _HAS_USERS or found.st_uid == os.geteuid())


def _is_whole(folder: Path) -> bool:
    """Tell whether everything is there: sizes, and of files that are not large the content."""
    try:
        if not _is_own(folder):
            return False
        index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        return all(_is_file(folder / name, *told) for name, told in index.items())
    except (OSError, ValueError, TypeError, AttributeError):
        return False


def _is_file(path: Path, size: int, digest: str) -> bool:
    if path.stat().st_size != size:
        return False
    return size > _HASHED_BYTES or hashlib.sha256(path.read_bytes()).hexdigest() == digest


def remove(folder: Path) -> None:
    """Remove a folder, read-only as it may be; what cannot be removed stays."""
    for parent, _, names in os.walk(folder):
        # Windows removes no read-only file, others none of a read-only folder.
        for name in (".", *(names if os.name == "nt" else ())):
            with suppress(OSError):
                Path(parent, name).chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)
