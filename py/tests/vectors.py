"""The golden data of tests/vectors, and how values are compared with them."""

import json
import math
from pathlib import Path

import numpy as np

from remotemedia import Audio

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"


def load(name):
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def load_all(folder):
    """Return file name → content; a folder without vectors is an error, not an empty test."""
    paths = sorted((VECTORS / folder).glob("*.json"))
    assert paths, f"no vectors in {folder}"
    return {path.stem: load(path.relative_to(VECTORS)) for path in paths}


def difference(expected, actual, tolerance=0.0, path="$"):
    """Return the path of the first difference, None if there is none (tests/vectors/README.md)."""
    if is_number(expected) and is_number(actual):
        return (
            None if same_number(expected, actual, tolerance) else f"{path}: {expected!r} {actual!r}"
        )
    if type(expected) is not type(actual):
        return f"{path}: {type(expected).__name__} {type(actual).__name__}"
    if isinstance(expected, (list, dict)):
        return container_difference(expected, actual, tolerance, path)
    if isinstance(expected, Audio):
        fields = [(a.sample_rate, a.timestamp, a.samples) for a in (expected, actual)]
        return container_difference(*map(list, fields), tolerance, path)
    if isinstance(expected, np.ndarray):
        same = expected.dtype == actual.dtype and expected.shape == actual.shape
        if same and expected.dtype.kind == "f":
            pairs = zip(expected.ravel().tolist(), actual.ravel().tolist(), strict=True)
            same = all(same_number(a, b, tolerance) for a, b in pairs)
        elif same:
            same = np.array_equal(expected, actual)
        return None if same else f"{path}: {expected!r} {actual!r}"
    return None if expected == actual else f"{path}: {expected!r} {actual!r}"


def container_difference(expected, actual, tolerance, path):
    if len(expected) != len(actual):
        return f"{path}: length {len(expected)} {len(actual)}"
    keys = expected if isinstance(expected, dict) else range(len(expected))
    for key in keys:
        if isinstance(expected, dict) and key not in actual:
            return f"{path}: no {key!r}"
        found = difference(expected[key], actual[key], tolerance, f"{path}[{key!r}]")
        if found:
            return found
    return None


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same_number(a, b, tolerance):
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if a == 0 == b and tolerance == 0:
        return math.copysign(1, a) == math.copysign(1, b)
    return a == b or abs(a - b) <= tolerance
