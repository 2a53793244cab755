"""Makes the JSON Schema (draft 2020-12) of manifests, for editors and other tools.

It says what `validate` checks of each field and param by itself. What depends on several places
(ids, endpoints, cycles, what is available) it cannot say, and of other types it takes any params.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from remotemedia._schema import CONNECTION, MANIFEST, METADATA, NODE, RETRY, RUNTIME
from remotemedia._values import MAX_I64, MIN_I64

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remotemedia._catalog import Entry
    from remotemedia._schema import Schema


def manifest_schema(entries: Iterable[Entry]) -> Schema:
    """Return the JSON Schema of manifests; entries are of all node types, once each."""
    types = list(entries)
    parts = {"metadata": METADATA, "runtime": RUNTIME, "connection": CONNECTION, "retry": RETRY}
    manifest = _plain(MANIFEST)
    for name in ("metadata", "runtime"):
        manifest["properties"][name] = _reference(name)
    for name in ("node", "connection"):
        manifest["properties"][f"{name}s"]["items"] = _reference(name)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "RemoteMedia manifest v1",
        **manifest,
        "$defs": {
            **{name: _plain(part) for name, part in parts.items()},
            "node": _node(types),
            **{entry["type"]: params_schema(entry) for entry in types},
        },
    }


def _node(entries: list[Entry]) -> Schema:
    node = _plain(NODE)
    node["properties"]["retry"] = _reference("retry")
    words = [
        {"const": word, "description": entry["summary"]}
        for entry in entries
        for word in (entry["type"], *entry["aliases"])
    ]
    node["properties"]["node_type"]["anyOf"] = [*words, {"type": "string"}]
    node["allOf"] = [_branch(entry) for entry in entries]
    return node


def _branch(entry: Entry) -> Schema:
    words = [entry["type"], *entry["aliases"]]
    then: Schema = {"properties": {"params": _reference(entry["type"])}}
    if entry["params"].get("required"):
        then["required"] = ["params"]
    is_it = {"required": ["node_type"], "properties": {"node_type": {"enum": words}}}
    return {"if": is_it, "then": then}


def params_schema(entry: Entry) -> Schema:
    """Return the JSON Schema of a node's params, other words for them included."""
    properties: dict[str, Schema] = {}
    rules: list[Schema] = []
    required = entry["params"].get("required", ())
    for name, spec in entry["params"]["properties"].items():
        properties[name] = _param(spec)
        aliases = spec.get("aliases", ())
        for alias in aliases:
            also = {"description": f"Another word for {name}."}
            properties[alias] = {**properties[name], **also}
            properties[alias].pop("default", None)
        given: list[Schema] = [{"required": [word]} for word in (name, *aliases)]
        if name in required:
            rules.append({"anyOf": given})
        rules += [{"not": {"allOf": [*pair]}} for pair in combinations(given, 2)]
    schema = {
        "type": "object",
        "description": entry["summary"],
        "additionalProperties": False,
        "properties": properties,
    }
    return schema | ({"allOf": rules} if rules else {})


def _param(spec: Schema) -> Schema:
    schema = _plain(spec)
    if spec.get("type") == "integer":
        if not schema.keys() & {"minimum", "exclusiveMinimum"}:
            schema["minimum"] = MIN_I64
        if not schema.keys() & {"maximum", "exclusiveMaximum"}:
            schema["maximum"] = MAX_I64
    if "unit" in spec:
        schema["description"] = f"{spec.get('description', '')} In {spec['unit']}.".strip()
    return schema


def _plain(schema: Schema) -> Schema:
    """Return a copy without the keywords that are ours."""
    ours = ("code", "aliases", "unit")
    plain = {key: value for key, value in schema.items() if key not in ours}
    if "properties" in plain:
        fields = plain["properties"].items()
        plain["properties"] = {name: _plain(field) for name, field in fields}
    if "items" in plain:
        plain["items"] = _plain(plain["items"])
    return plain


def _reference(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}
