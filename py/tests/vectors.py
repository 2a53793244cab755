"""The golden data of tests/vectors, and how values are compared with them."""

import json
from pathlib import Path

from remotemedia.testing._compare import difference

__all__ = ["ROOT", "VECTORS", "difference", "load", "load_all"]

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"


def load(name):
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def load_all(folder):
    """Return file name → content; a folder without vectors is an error, not an empty test."""
    paths = sorted((VECTORS / folder).glob("*.json"))
    assert paths, f"no vectors in {folder}"
    return {path.stem: load(path.relative_to(VECTORS)) for path in paths}
