"""Writes Python classes for the nodes that only Rust implements, for pipelines in code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remotemedia._catalog import Entry

HEAD = '''"""Nodes that Rust implements, for pipelines in code. Written by scripts/generate."""

# ruff: noqa: E501 - texts of the catalog

from __future__ import annotations

from typing import Literal

from remotemedia._param import Param
from remotemedia._rust_node import RustNode
'''
TYPES = {"number": "float", "integer": "int", "string": "str", "boolean": "bool", "object": "dict"}
BOUNDS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
    "minItems": "min_items",
    "uniqueItems": "unique",
    "pattern": "pattern",
    "unit": "unit",
    "aliases": "aliases",
}
"""Keyword of the schema → keyword of `Param`."""


def rust_nodes(entries: list[Entry], python: set[str]) -> str:
    """Return the module; `python` are the types that have a class already."""
    only = sorted(
        (entry for entry in entries if entry["type"] not in python), key=lambda each: each["type"]
    )
    return "\n\n".join([HEAD, *(_class(entry) for entry in only)])


def _class(entry: Entry) -> str:
    words = [f'category="{entry["category"]}"']
    words += [f"aliases={entry['aliases']}"] if entry["aliases"] else []
    words += ["stateful=True"] if entry["stateful"] else []
    lines = [
        f"class {entry['type']}(RustNode, {', '.join(words)}):",
        f'    """{entry["summary"]}"""',
        "",
        f"    inputs = {_ports(entry['inputs'])}",
        f"    outputs = {_ports(entry['outputs'])}",
    ]
    params = entry["params"]
    fields = [
        _field(name, schema, required=name in params["required"])
        for name, schema in params["properties"].items()
    ]
    return "\n".join([*lines, *([""] if fields else []), *fields]) + "\n"


def _ports(ports: dict[str, Any]) -> str:
    return repr({name: tuple(port["kinds"]) for name, port in ports.items()})


def _field(name: str, schema: dict[str, Any], *, required: bool) -> str:
    kind = _type(schema)
    given = [f"doc={schema['description']!r}"]
    given += [f"{word}={schema[key]!r}" for key, word in BOUNDS.items() if key in schema]
    if not required:
        given.insert(0, f"default={schema.get('default')!r}")
        kind += "" if "default" in schema else " | None"
    return f"    {name}: {kind} = Param({', '.join(given)})"


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    if schema["type"] == "array":
        return f"list[{_type(schema['items'])}]"
    return TYPES[schema["type"]]
