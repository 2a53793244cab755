"""A bundle's files in Pyodide's file system: wheels unpacked, then nothing can be written."""

from __future__ import annotations

import os
from pathlib import Path

from remotemedia._wheels import WHEELS, is_compiled, write_wheels


def settle(root: str) -> None:
    """Unpack the wheels in `root` to `site/` and make everything there read-only.

    Of `nodes/` what is compiled is removed: what runs is what can be read.
    """
    folder = Path(root)
    for path in [*(folder / "nodes").rglob("*")]:
        if path.is_file() and is_compiled(path.name):
            path.unlink()
    wheels = {WHEELS + path.name: path.read_bytes() for path in folder.glob(f"{WHEELS}*.whl")}
    write_wheels(wheels, folder)
    for parent, _, names in os.walk(root, topdown=False):
        for name in names:
            Path(parent, name).chmod(0o444)
        Path(parent).chmod(0o555)
