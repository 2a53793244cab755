"""Reads the JSON documents of a bundle, which are untrusted (docs/internals/bundles.md, "JSON")."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from remotemedia._json_text import parse_json
from remotemedia._zip import refuse

if TYPE_CHECKING:
    from remotemedia._zip import Archive

MOST_BYTES = 1 << 20


def read_document(files: Archive, name: str, code: str = "bad_json") -> dict[str, Any]:
    """Return a document of a bundle; refuses one that is too large, or no JSON object."""
    if files.size(name) > MOST_BYTES:
        refuse(code, f"larger than {MOST_BYTES} bytes", name)
    return parse_document(files[name], name, code)


def parse_document(content: bytes, name: str, code: str = "bad_json") -> dict[str, Any]:
    """Return the JSON object; refuses what is none."""
    try:
        value = parse_json(content.decode())
        _check_numbers(value)
    except ValueError as error:
        refuse(code, f"not JSON: {error}", name)
    if not isinstance(value, dict):
        refuse(code, "not a JSON object", name)
    return value


def _check_numbers(document: Any) -> None:
    """Raise ValueError for a number beyond a double; elsewhere it would be another number."""
    todo = [document]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            todo += value.values()
        elif isinstance(value, list):
            todo += value
        elif isinstance(value, float | int) and not _is_finite(value):
            message = "a number that is beyond a double"
            raise ValueError(message)


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        return False
