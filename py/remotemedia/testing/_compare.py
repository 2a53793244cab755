"""Compares values of pipelines: 2 equals 2.0, NaN equals NaN, 0.0 is not -0.0."""

from __future__ import annotations

import math
import sys
from typing import Any

from remotemedia._paths import child
from remotemedia._values import Audio


def difference(expected: Any, actual: Any, tolerance: float = 0.0, path: str = "$") -> str | None:
    """Return where the first difference is and what stands there; None if there is none."""
    if _is_number(expected) and _is_number(actual):
        return _unless(_same_number(expected, actual, tolerance), expected, actual, path)
    if type(expected) is not type(actual):
        return f"{path}: {type(expected).__name__} {expected!r:.80} ≠ {actual!r:.80}"
    if isinstance(expected, (list, dict)):
        return _in_container(expected, actual, tolerance, path)
    if isinstance(expected, Audio):
        return difference(_fields(expected), _fields(actual), tolerance, path)
    np = sys.modules.get("numpy")
    if np is not None and isinstance(expected, np.ndarray):
        return _unless(_same_array(expected, actual, tolerance), expected, actual, path)
    return _unless(expected == actual, expected, actual, path)


def _fields(audio: Audio) -> dict[str, Any]:
    return {name: getattr(audio, name) for name in ("sample_rate", "timestamp", "samples")}


def _unless(same: Any, expected: Any, actual: Any, path: str) -> str | None:
    return None if same else f"{path}: {expected!r:.200} ≠ {actual!r:.200}"


def _in_container(expected: Any, actual: Any, tolerance: float, path: str) -> str | None:
    if len(expected) != len(actual):
        return f"{path}: length {len(expected)} ≠ {len(actual)}: {expected!r:.80} {actual!r:.80}"
    keys = expected if isinstance(expected, dict) else range(len(expected))
    for key in keys:
        if isinstance(expected, dict) and key not in actual:
            return f"{path}: no {key!r}"
        found = difference(expected[key], actual[key], tolerance, child(path, key))
        if found:
            return found
    return None


def _same_array(expected: Any, actual: Any, tolerance: float) -> bool:
    if expected.dtype != actual.dtype or expected.shape != actual.shape:
        return False
    if expected.dtype.kind != "f":
        return bool((expected == actual).all())
    pairs = zip(expected.ravel().tolist(), actual.ravel().tolist(), strict=True)
    return all(_same_number(a, b, tolerance) for a, b in pairs)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _same_number(a: float, b: float, tolerance: float) -> bool:
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if a == 0 == b and tolerance == 0:
        return math.copysign(1, a) == math.copysign(1, b)
    return a == b or abs(a - b) <= tolerance
