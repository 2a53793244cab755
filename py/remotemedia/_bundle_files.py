"""Which files of its bundle a node may read."""

from __future__ import annotations

from pathlib import Path

READABLE = ("models", "assets")


def bundle_path(root: str | None, name: str, type_name: str) -> Path:
    """Return the path of a file in `models/` or `assets/` of the bundle whose folder is `root`.

    Raises FileNotFoundError for a node that is in no bundle, PermissionError for any other file.
    """
    if root is None:
        message = f"{type_name} is in no bundle that could have {name}"
        raise FileNotFoundError(message)
    allowed = f"{type_name} can read files in models/ and assets/ of its bundle, not {name!r}"
    if Path(name).is_absolute() or "\\" in name:
        raise PermissionError(allowed)
    path = Path(root, name)
    # Links are followed: a folder of sources, other than a bundle, may have some.
    if not any(path.resolve().is_relative_to(Path(root, folder).resolve()) for folder in READABLE):
        raise PermissionError(allowed)
    return path
