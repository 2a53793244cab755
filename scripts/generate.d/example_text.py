"""Shows a shared vector (tests/vectors) so that people can read it: arrays as numbers."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

WIDTH = 110
MOST_SHOWN = 8
_CODES = {
    "u8": "B",
    "i8": "b",
    "u16": "H",
    "i16": "h",
    "u32": "I",
    "i32": "i",
    "i64": "q",
    "f32": "f",
    "f64": "d",
    "bool": "?",
}


def example(vector: dict[str, Any]) -> str:
    """Return a vector's nodes, input and output as a fenced block."""
    nodes = vector["manifest"]["nodes"]
    edges = vector["manifest"].get("connections", [])
    lines = [_node(node, named=len(nodes) > 1) for node in nodes]
    lines += [f"{edge['from']} → {edge['to']}" for edge in edges]
    given = {"in": vector.get("input", []), **vector.get("sources", {})}
    for where, items in given.items():
        if items:
            lines += ["", *(f"{where}   {_wrapped(show(item), where)}" for item in items)]
    several = len(vector["sinks"]) > 1
    for sink, items in vector["sinks"].items():
        where = sink if several else "out"
        lines += ["", *(f"{where}  {_wrapped(show(item), where)}" for item in items)]
    text = "\n".join(line.rstrip() for line in lines)
    return f"```text\n{text}\n```\n"


def show(value: Any) -> str:
    """Return a value in JSON form as text on one line."""
    if isinstance(value, dict):
        return _map(value)
    if isinstance(value, list):
        return f"[{', '.join(map(show, value))}]"
    if isinstance(value, float):
        return number(value)
    return json.dumps(value, ensure_ascii=False)


def _map(value: dict[str, Any]) -> str:
    match value:
        case {"$audio": {"sample_rate": rate, "channels": count, "data": data, **rest}}:
            samples = _elements("f32", data)
            frames = len(samples) // count
            rows = [samples[at * frames : (at + 1) * frames] for at in range(count)]
            time = f", at {show(rest['timestamp'])} s" if "timestamp" in rest else ""
            return f"audio({rate} Hz{time}, [{', '.join(map(_row, rows))}])"
        case {"$tensor": {"dtype": dtype, "shape": shape, "data": data}}:
            return f"{dtype}({_nested(_elements(dtype, data), shape)})"
        case {"$bytes": data}:
            return f"bytes({len(base64.b64decode(data))})"
        case {"$number": text}:
            return str(text)
    entries = (
        f"{json.dumps(key, ensure_ascii=False)}: {show(item)}" for key, item in value.items()
    )
    return "{" + ", ".join(entries) + "}"


def number(value: float) -> str:
    """Return a number with as many digits as a float32 has, without those that say nothing."""
    return f"{value:.6g}" if value else "0"


def _elements(dtype: str, data: str) -> list[Any]:
    raw = base64.b64decode(data)
    code = _CODES[dtype]
    return list(struct.unpack(f"<{len(raw) // struct.calcsize(code)}{code}", raw))


def _nested(elements: list[Any], shape: list[int]) -> str:
    if not shape:
        return _element(elements[0])
    if len(shape) == 1:
        return _row(elements)
    size = len(elements) // shape[0] if shape[0] else 0
    rows = [elements[at * size : (at + 1) * size] for at in range(shape[0])]
    return f"[{', '.join(_nested(row, shape[1:]) for row in rows)}]"


def _row(elements: list[Any]) -> str:
    shown = [_element(element) for element in elements[:MOST_SHOWN]]
    more = len(elements) - len(shown)
    return f"[{', '.join(shown)}{f', … {more} more' if more else ''}]"


def _element(value: float | bool) -> str:  # noqa: FBT001 - an element of a bool tensor
    return str(value).lower() if isinstance(value, bool) else number(value)


def _node(node: dict[str, Any], *, named: bool) -> str:
    name = f"{node['id']}: " if named else ""
    params = node.get("params")
    return f"{name}{node['node_type']}{' ' + show(params) if params else ''}"


def _wrapped(text: str, where: str) -> str:
    """Return text on several lines if it is long, broken behind commas."""
    indent = " " * (len(where) + (3 if where == "in" else 2))
    lines = [""]
    for part in text.split(", "):
        if lines[-1] and len(lines[-1]) + len(part) > WIDTH - len(indent):
            lines.append("")
        lines[-1] += f"{part}, "
    return f"\n{indent}".join(line.rstrip() for line in lines).removesuffix(",")
