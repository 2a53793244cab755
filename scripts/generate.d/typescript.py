"""Makes the TypeScript types of manifests from their JSON Schema and the catalog."""

from __future__ import annotations

import json
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from remotemedia._manifest_schema import params_schema
from remotemedia._schema import CONNECTION, HINTS, MANIFEST, METADATA, NODE, RETRY, RUNTIME

if TYPE_CHECKING:
    from remotemedia._catalog import Entry
    from remotemedia._schema import Schema

HEAD = """\
/** Types of manifest v1 and of built-in nodes' params. Written by scripts/generate: do not edit. */
import type { Json } from '../manifest.js';
"""
FOOT = """\
/** Any string, written so that editors offer the built-in types. */
export type AnyType = BuiltInNode['node_type'] | (string & Record<never, never>);

/** A node of any type, also of one of your own. */
export interface ManifestNode<Type extends string = string> extends NodeFields {
  /** Type of the node, or another name of the type. */
  node_type: Type;
  /** Params of the type. */
  params?: { [name: string]: Json };
}
"""
CUSTOM = (
    " `Custom` names the types of your own that it may hold. By default these are any, and then a"
    " wrong param of a built-in type is not noticed: `Manifest<never>` or `Manifest<'MyNode'>`"
    " notices it."
)
SCALARS = {
    "number": "number",
    "integer": "number",
    "string": "string",
    "boolean": "boolean",
    "null": "null",
}
LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
}
MOST_EXACT = 2**53


def types(entries: list[Entry]) -> str:
    """Return the file."""
    structure = {"nodes": "(BuiltInNode | ManifestNode<Custom>)[]", "connections": "Connection[]",
                 "metadata": "Metadata", "runtime": "Requirements"}  # fmt: skip
    fields = {
        name: field
        for name, field in NODE["properties"].items()
        if name not in {"node_type", "params"}
    }
    common = {"type": "object", "description": "What every node may state.", "properties": fields,
              "required": ["id"]}  # fmt: skip
    pipeline = MANIFEST | {"description": MANIFEST["description"] + CUSTOM}
    hints = " | ".join(map(_literal, HINTS))
    return "\n".join(
        [
            HEAD,
            _interface("Manifest<Custom extends string = AnyType>", pipeline, structure),
            _interface("Metadata", METADATA),
            _interface("Requirements", RUNTIME),
            _interface("Connection", CONNECTION),
            _interface("Retry", RETRY),
            f"{_doc(NODE['properties']['runtime_hint'], '')}export type RuntimeHint = {hints};\n",
            _interface("NodeFields", common, {"runtime_hint": "RuntimeHint", "retry": "Retry"}),
            *(part for entry in entries for part in _node(entry)),
            _union(
                "BuiltInNode", "A node of a built-in type.", [entry["type"] for entry in entries]
            ),
            FOOT,
        ]
    )


def _node(entry: Entry) -> list[str]:
    """Return the interfaces of a type's params and of its node."""
    name = entry["type"]
    required = entry["params"].get("required", ())
    schema = params_schema(entry) | {"required": required, "description": f"Params of {name}."}
    params = f"{name}Params" if schema["properties"] else "Record<string, never>"
    words = " | ".join(map(_literal, [name, *entry["aliases"]]))
    runs = " and ".join(entry["runtimes"])
    node = [
        f"/** {entry['summary']} Runs in {runs}. */",
        f"export interface {name} extends NodeFields {{",
        f"  node_type: {words};",
        f"  params{'' if required else '?'}: {params};",
        "}\n",
    ]
    return [*([_params(params, schema)] if schema["properties"] else []), "\n".join(node)]


def _params(name: str, schema: Schema) -> str:
    """Return a type, not an interface: one can be passed as a map of any params."""
    text = _interface(name, schema)
    return text.replace(f"interface {name} {{", f"type {name} = {{").removesuffix("}\n") + "};\n"


def _union(name: str, doc: str, members: list[str]) -> str:
    return f"/** {doc} */\nexport type {name} =\n" + "\n".join(f"  | {m}" for m in members) + ";\n"


def _interface(name: str, schema: Schema, known: dict[str, str] | None = None) -> str:
    required = schema.get("required", ())
    lines = [f"{_doc(schema, '')}export interface {name} {{"]
    for key, field in schema["properties"].items():
        kind = (known or {}).get(key) or _type(field)
        lines.append(f"{_doc(field, '  ')}  {key}{'' if key in required else '?'}: {kind};")
    if schema.get("additionalProperties") is True:
        lines.append("  [field: string]: unknown;")
    return "\n".join([*lines, "}\n"])


def _type(schema: Schema) -> str:
    if "enum" in schema:
        return " | ".join(map(_literal, schema["enum"]))
    kind = schema.get("type")
    if kind == "array":
        item = _type(schema.get("items", {}))
        return f"({item})[]" if "|" in item else f"{item}[]"
    return "{ [key: string]: Json }" if kind == "object" else SCALARS.get(str(kind), "Json")


def _doc(schema: Schema, indent: str) -> str:
    """Return the comment: what it is, its range and default."""
    limits = [
        f"{word} {schema[key]}"
        for key, word in LIMITS.items()
        if abs(schema.get(key, MOST_EXACT)) < MOST_EXACT
    ]
    facts = [" and ".join(limits)] if limits else []
    if "default" in schema and schema["default"] not in ({}, []):
        facts.append(f"default {json.dumps(schema['default'], ensure_ascii=False)}")
    text = schema.get("description", "")
    if facts:
        sentence = "; ".join(facts)
        text = f"{text} {sentence[0].upper()}{sentence[1:]}."
    if len(text) < 100 - len(indent):
        return f"{indent}/** {text.strip()} */\n"
    lines = "".join(f"{indent} * {line}\n" for line in wrap(text, 100))
    return f"{indent}/**\n{lines}{indent} */\n"


def _literal(value: Any) -> str:
    return "'" + value + "'" if isinstance(value, str) else json.dumps(value)
