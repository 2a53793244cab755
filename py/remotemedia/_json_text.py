"""Reads JSON text of unknown origin.

Python's own reader recurses in C. Where that overflows the stack it ends Pyodide, not just the
call, so the nesting is bounded before the text is parsed.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_NESTING = 400
"""Far above what 128 levels of a value can need."""

_LAYERS = 16
"""More than what is well meant has, as a rule."""
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)  # possessive: linear on any text


def parse_json(text: str) -> Any:
    """Parse JSON; raises ValueError, also for NaN and infinities and for absurd nesting."""
    if len(text) > MOST_NESTING and _is_too_deep(text):
        message = f"nested deeper than {MOST_NESTING} levels"
        raise ValueError(message)
    try:
        value, end = _scan(text, 0)
        if end == len(text):
            return value
    except StopIteration:
        pass
    return _decoder.decode(text)  # allows white space around the value, and words errors


def _constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


_decoder = json.JSONDecoder(parse_constant=_constant)
_scan: Callable[[str, int], tuple[Any, int]] = _decoder.scan_once  # type: ignore[attr-defined]


def _is_too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= MOST_NESTING or not _may_be_too_deep(text):
        return False
    # Brackets inside strings may have looked like nesting.
    return _may_be_too_deep(_STRINGS.sub("", text))


def _may_be_too_deep(text: str) -> bool:
    """Tell whether brackets are nested too deep, if all are brackets of JSON."""
    brackets = text.encode(errors="replace").translate(None, _NO_BRACKETS)
    left = brackets
    for layer in range(_LAYERS):
        if len(left) <= MOST_NESTING - 2 * layer:
            return False
        # Takes a layer away, or two where they alternate.
        left = left.replace(b"[]", b"").replace(b"{}", b"")
    steps = memoryview(brackets.translate(_STEPS)).cast("b")
    return max(accumulate(steps)) > MOST_NESTING
