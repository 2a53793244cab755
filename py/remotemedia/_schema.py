"""The manifest as JSON Schema: `validate` reads it, and schema/manifest.schema.json is made of it.

`code` is the issue's code where a value breaks a rule, if that is not `bad_value` (or, for the
type, `wrong_type`); it is not JSON Schema and not in the file. Fields that are not listed are
warnings, except where `additionalProperties` says that any are welcome.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

HINTS = {
    "auto": "auto",
    "rust": "rust",
    "python": "python",
    "js": "js",
    "rust_python": "python",
    "cpython": "python",
    "cpython_wasm": "python",
}
"""Words for `runtime_hint` → what they mean."""

TARGETS = ["wasm32-wasi", "wasm32-wasip1"]


def _text(doc: str, **more: Any) -> Schema:
    return {"type": "string", "description": doc, **more}


def _number(doc: str, kind: str = "number", **more: Any) -> Schema:
    return {"type": kind, "description": doc, **more}


METADATA: Schema = {
    "type": "object",
    "description": "What the pipeline is. Other fields are ignored.",
    "additionalProperties": True,
    "properties": {
        "name": _text("Name of the pipeline."),
        "description": _text("What it does."),
        "author": _text("Who wrote it."),
        "version": _text("Version of the pipeline."),
        "license": _text("Licence, as an SPDX expression."),
    },
}
RUNTIME: Schema = {
    "type": "object",
    "description": "What the pipeline needs. Other fields are ignored.",
    "additionalProperties": True,
    "properties": {
        "target": _text(
            "What Rust nodes are compiled for.",
            enum=TARGETS,
            default="wasm32-wasi",
            code="wrong_target",
        ),
        "min_version": _text("The oldest release that can run it, such as 0.1.0."),
        "features": {
            "type": "array",
            "description": "Names of features that it uses, such as python.",
            "items": {"type": "string"},
        },
        "capabilities": {
            "type": "object",
            "description": "What a bundle may do beside computing; loaders check it.",
            "additionalProperties": True,
            "properties": {
                "network": {
                    "type": "array",
                    "description": "Origins that it reaches, such as https://api.example.com.",
                    "items": {"type": "string"},
                }
            },
        },
    },
}
RETRY: Schema = {
    "type": "object",
    "description": "Makes a failed call again, after a random wait that grows from time to time.",
    "properties": {
        "max_retries": _number("How often.", "integer", minimum=0, maximum=2**32 - 1, default=3),
        "base_delay_ms": _number(
            "Longest wait before the first retry, in milliseconds.", minimum=0, default=100
        ),
        "max_delay_ms": _number("Longest wait of all, in milliseconds.", minimum=0, default=400),
        "multiplier": _number("What the longest wait grows by.", minimum=1, default=2),
    },
}
NODE: Schema = {
    "type": "object",
    "description": "A node of the pipeline.",
    "required": ["id", "node_type"],
    "properties": {
        "id": _text(
            "Name of the node, unique: letters, digits, _ and -, not starting with __.",
            pattern="^(?!__)[A-Za-z0-9_-]+$",
            code="bad_id",
        ),
        "node_type": _text("Type of the node, or another name of the type."),
        "params": {"type": "object", "description": "Params of the type.", "default": {}},
        "runtime_hint": _text(
            "Where it runs; auto is the first of rust, python and js that has the type.",
            enum=list(HINTS),
            default="auto",
            code="wrong_type",
        ),
        "timeout_ms": _number("The longest a call may take, in milliseconds.", exclusiveMinimum=0),
        "on_error": _text(
            "Whether a failed call ends the run or is left out.",
            enum=["fail", "skip"],
            default="fail",
            code="wrong_type",
        ),
        "retry": RETRY,
    },
}
CONNECTION: Schema = {
    "type": "object",
    "description": "Where items go. An end is `node` or `node.port`.",
    "required": ["from", "to"],
    "properties": {
        "from": _text("The giving end; the port is out if none is named."),
        "to": _text("The taking end; the port is in if none is named."),
    },
}
MANIFEST: Schema = {
    "type": "object",
    "description": "A pipeline: a directed acyclic graph of nodes.",
    "required": ["version", "nodes"],
    "properties": {
        "version": _text("Version of this format.", enum=["v1"], code="version_mismatch"),
        "metadata": METADATA,
        "runtime": RUNTIME,
        "nodes": {
            "type": "array",
            "description": "The nodes.",
            "minItems": 1,
            "code": "no_nodes",
        },
        "connections": {"type": "array", "description": "The connections.", "default": []},
    },
}
