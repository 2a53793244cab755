"""Checks params against the JSON Schema of a catalog entry and completes them."""

from __future__ import annotations

import operator
import re
from typing import Any

from remotemedia._errors import Issue
from remotemedia._paths import child
from remotemedia._values import MAX_I64, MAX_SAFE, MIN_I64

_KINDS: dict[str, tuple[type, ...]] = {
    "number": (int, float),
    "integer": (int,),
    "string": (str,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_BOUNDS = {
    "minimum": ("≥", operator.ge),
    "maximum": ("≤", operator.le),
    "exclusiveMinimum": (">", operator.gt),
    "exclusiveMaximum": ("<", operator.lt),
}


def check_params(
    schema: dict[str, Any], params: dict[str, Any], path: str
) -> tuple[dict[str, Any], list[Issue]]:
    """Return the params under their own names with defaults filled in, and what is wrong."""
    properties: dict[str, Any] = schema["properties"]
    names = {alias: name for name, spec in properties.items() for alias in spec.get("aliases", ())}
    complete: dict[str, Any] = {}
    issues: list[Issue] = []
    for key, value in params.items():
        at = child(path, key)
        name = names.get(key, key)
        if name not in properties:
            issues.append(_unknown(key, list(properties), at))
        elif key != _first(name, properties[name], params):
            issues.append(
                Issue("bad_param", at, f"{key} is another word for {name}", "error", name)
            )
        else:
            complete[name], found = check_value(properties[name], value, at)
            issues += found
    for name, spec in properties.items():
        if name in complete:
            continue
        if "default" in spec:
            complete[name] = spec["default"]
        elif name in schema.get("required", ()):
            at = child(path, name)
            issues.append(Issue("missing_field", at, f"the param {name} is required"))
    return {name: complete[name] for name in properties if name in complete}, issues


def _first(name: str, spec: dict[str, Any], params: dict[str, Any]) -> str:
    """Return the word that gives a param: its name, else the first alias in alphabetical order."""
    given = [alias for alias in spec.get("aliases", ()) if alias in params]
    return name if name in params else min(given)


def _unknown(key: str, allowed: list[str], path: str) -> Issue:
    names = ", ".join(allowed) or "it has none"
    message = f"unknown param {key!r}; possible: {names}"
    return Issue("unknown_param", path, message, "error", allowed, key)


def check_value(spec: dict[str, Any], value: Any, path: str) -> tuple[Any, list[Issue]]:
    """Return the value (a whole float as integer where one is asked for) and what is wrong."""
    kind = spec.get("type")
    if kind == "integer":
        value = as_integer(value)
    if kind is not None and not is_kind(value, kind):
        return value, [_bad(path, f"must be of type {kind}", kind, value)]
    rule = broken_rule(spec, value)
    if rule is not None:
        return value, [_bad(path, f"must be {rule}", rule, value)]
    return _check_items(spec, value, path) if isinstance(value, list) else (value, [])


def broken_rule(spec: dict[str, Any], value: Any) -> str | None:
    """Return the rule of a schema that a value of the right type breaks, in words."""
    if "enum" in spec and identity(value) not in map(identity, spec["enum"]):
        return f"one of {', '.join(map(str, spec['enum']))}"
    if is_kind(value, "number"):
        for name, (sign, holds) in _BOUNDS.items():
            if name in spec and not holds(value, spec[name]):
                return f"{sign} {spec[name]}"
    if isinstance(value, list) and len(value) < spec.get("minItems", 0):
        return f"at least {spec['minItems']} items"
    # The whole of it: `$` would leave a last line break out.
    if isinstance(value, str) and not re.fullmatch(spec.get("pattern", "(?s).*"), value):
        return f"text like {spec['pattern']}"
    return None


def identity(value: Any) -> Any:
    """Return what equal JSON values, and only those, have in common: 2 and 2.0, not 1 and true."""
    if isinstance(value, list):
        return tuple(map(identity, value))
    if isinstance(value, dict):
        return frozenset((key, identity(item)) for key, item in value.items())
    return (bool, value) if isinstance(value, bool) else value


def as_integer(value: Any) -> Any:
    """Return a whole float as integer if it is exact, anything else as it is."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_SAFE:
        return int(value)
    return value


def is_kind(value: Any, kind: str) -> bool:
    """Tell whether a value is of a JSON type; a bool is not a number, an integer has 64 bits."""
    if kind == "integer" and isinstance(value, int) and not MIN_I64 <= value <= MAX_I64:
        return False
    return isinstance(value, _KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _check_items(spec: dict[str, Any], values: list[Any], path: str) -> tuple[Any, list[Issue]]:
    checked, issues, seen = [], [], set()
    for i, value in enumerate(values):
        at = child(path, i)
        item, found = check_value(spec.get("items", {}), value, at)
        if not found and spec.get("uniqueItems"):
            if identity(value) in seen:
                found = [_bad(at, "stands there already", None, value)]
            seen.add(identity(value))
        checked.append(item)
        issues += found
    return checked, issues


def _bad(path: str, message: str, expected: Any, actual: Any) -> Issue:
    return Issue("bad_param", path, message, "error", expected, actual)
