"""Declares the params of a node: one place gives JSON Schema, checks, attributes and docs."""

from __future__ import annotations

import re
import types
import typing
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

MISSING: Any = object()
"""Stands for the default of a required param."""


_KINDS = {float: "number", int: "integer", str: "string", bool: "boolean", dict: "object"}
_PATTERN = re.compile(r"\^\[[^\]\[^\\]+\]\+\$")


class ParamSpec:
    """A declared param; its type comes from the annotation of the field."""

    __slots__ = ("aliases", "annotation", "bounds", "default", "doc", "pattern", "unit")

    def __init__(
        self,
        default: Any = MISSING,
        doc: str = "",
        unit: str | None = None,
        bounds: dict[str, float] | None = None,
        pattern: str | None = None,
        aliases: tuple[str, ...] = (),
    ) -> None:
        self.default = default
        self.doc = doc
        self.unit = unit
        self.bounds = bounds or {}
        self.pattern = pattern
        self.aliases = aliases
        self.annotation: Any = Any

    @property
    def required(self) -> bool:
        """Whether a value must be given."""
        return self.default is MISSING

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the catalog."""
        schema = schema_of(self.annotation)
        if self.default is not MISSING and self.default is not None:
            schema["default"] = self.default
        if self.doc:
            schema["description"] = self.doc
        if self.unit:
            schema["unit"] = self.unit
        schema |= self.bounds
        if self.pattern:
            strings = schema.get("items", schema)
            strings["pattern"] = self.pattern
        if self.aliases:
            schema["aliases"] = list(self.aliases)
        return schema


def Param(  # noqa: N802 - it reads as a declaration: `factor: float = Param(2.0)`
    default: Any = MISSING,
    *,
    doc: str = "",
    unit: str | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    min_items: int | None = None,
    unique: bool | None = None,
    pattern: str | None = None,
    aliases: Sequence[str] = (),
) -> Any:
    """Declare a param of a node.

    For example `factor: float = Param(2.0, doc="What to multiply by.", minimum=0)`.

    The annotation is one of float, int, str, bool, `list[...]` of those, dict, `Literal[...]`, or
    one of these `| None` with the default None for a param that may be absent. Without a default
    the param is required. `unit` names the unit ("Hz", "ms"); `minimum` and `maximum` may be
    reached, `above` and `below` may not. A list has at least `min_items` items, all different if
    `unique`. A string, or each string of a list, fits `pattern`, of the form `^[a-z0-9]+$`.
    """
    if pattern is not None and not _PATTERN.fullmatch(pattern):
        message = f"{pattern!r} is not of the form ^[class]+$"
        raise ValueError(message)
    bounds = {
        "minimum": minimum,
        "maximum": maximum,
        "exclusiveMinimum": above,
        "exclusiveMaximum": below,
        "minItems": min_items,
        "uniqueItems": unique,
    }
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    if isinstance(aliases, str):
        message = f"aliases must be a list of strings, such as [{aliases!r}]"
        raise TypeError(message)
    return ParamSpec(default, doc, unit, given, pattern, tuple(aliases))


def allows_none(annotation: Any) -> bool:
    """Tell whether None is a value of an annotation."""
    return annotation is Any or type(None) in typing.get_args(annotation)


def schema_of(annotation: Any) -> dict[str, Any]:
    """Return the JSON Schema of an annotation; raises TypeError if there is none."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any:
        return {}
    if annotation in _KINDS or origin in _KINDS:
        return {"type": _KINDS[origin or annotation]}
    if origin is Literal and len(set(map(type, arguments))) == 1:
        return {"type": _KINDS[type(arguments[0])], "enum": list(arguments)}
    if annotation is list:
        return {"type": "array"}
    if origin is list:
        return {"type": "array", "items": schema_of(arguments[0])}
    if origin in (types.UnionType, typing.Union):
        kinds = [argument for argument in arguments if argument is not type(None)]
        if len(kinds) == 1:
            return schema_of(kinds[0])
    message = f"a param cannot have the type {annotation}"
    raise TypeError(message)
