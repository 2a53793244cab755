"""Arithmetic on items: numbers, nested lists and tensors, by the rules of docs/nodes.md."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from remotemedia._errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 2.0**53
"""Whole results of a magnitude below this become integers."""

ARITHMETIC_KINDS = ("number", "list", "tensor")


def whole(x: float) -> int | float:
    """Return a float as an integer if it is whole and below 2^53."""
    if -LIMIT < x < LIMIT:
        n = int(x)
        if n == x:
            return n
    return x


def _power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except (ValueError, OverflowError):
        message = f"{a:g} to the power of {b:g} has no real or finite result"
        raise NodeError(message) from None


def _divide(a: float, b: float) -> float:
    if b == 0:
        raise NodeError("division by zero")
    return a / b


def _modulo(a: float, b: float) -> float:
    if b == 0:
        raise NodeError("modulo by zero")
    return a % b


NUMBERS: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": _divide,
    "power": _power,
    "modulo": _modulo,
}
"""Operation → function of two floats."""

_UFUNCS = {
    "add": "add",
    "subtract": "subtract",
    "multiply": "multiply",
    "divide": "true_divide",
    "power": "power",
    "modulo": "mod",
}


def compute(operation: str, item: Any, operand: float) -> Any:
    """Return item operation operand, element by element.

    Raises NodeError for other kinds and for what has no result, with the path of the element.
    """
    kind = type(item)
    try:
        if kind is float or kind is int:
            return whole(NUMBERS[operation](float(item), operand))
        if kind is list:
            return _list(operation, item, operand)
        np = sys.modules.get("numpy")
        if np is not None and isinstance(item, np.ndarray):
            return _tensor(np, operation, item, operand)
        message = f"needs a number, a list or a tensor of numbers, not {kind.__name__}"
        raise NodeError(message)
    except NodeError as error:
        error.path = error.path or "$"
        raise


def _list(operation: str, items: list[Any], operand: float) -> list[Any]:
    results = []
    try:
        for item in items:
            results.append(compute(operation, item, operand))  # noqa: PERF401 - for its length
    except NodeError as error:
        at = len(results)  # the element that failed
        error.path = f"$[{at}]{(error.path or '$')[1:]}"
        raise
    return results


def _tensor(np: Any, operation: str, item: Any, operand: float) -> Any:
    dtype = item.dtype if item.dtype.kind == "f" else np.dtype(np.float64)
    with np.errstate(all="ignore"):
        result = getattr(np, _UFUNCS[operation])(item.astype(dtype), dtype.type(operand))
    return np.asarray(result, dtype)
