"""A bundle's files in Pyodide's file system: wheels unpacked, then nothing can be written."""

from __future__ import annotations

import os
from pathlib import Path

from remotemedia._wheels import WHEELS, unpack_wheels


def settle(root: str) -> None:
    """Unpack the wheels in `root` to `site/` and make everything there read-only."""
    folder = Path(root)
    wheels = {WHEELS + path.name: path.read_bytes() for path in folder.glob(f"{WHEELS}*.whl")}
    for name, content in unpack_wheels(wheels).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for parent, _, names in os.walk(root, topdown=False):
        for name in names:
            Path(parent, name).chmod(0o444)
        Path(parent).chmod(0o555)
