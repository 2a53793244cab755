"""Makes the pages of docs/nodes: what the catalog says of a type, and examples from vectors.

What a node does is written by hand, on its page, around the generated blocks:

- `catalog`: summary, ports and params;
- `example NAME`: the vector tests/vectors/NAME.json, which the tests run on every host;
- `index` (on docs/nodes.md): all types.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from example_text import example, number
from generated_blocks import block, by_hand, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remotemedia._catalog import Entry

FOLDER = Path("docs/nodes")
INDEX = Path("docs/nodes.md")
VECTORS = Path("tests/vectors")
CATEGORIES = ("audio", "flow", "math", "sources", "text")
MOST_EXACT = 2**32 - 1
"""Limits beyond this only say how integers are kept."""


def pages(entries: list[Entry]) -> dict[str, str]:
    """Return path → text of the index and of all types' pages."""
    found = {str(INDEX): filled(_read(INDEX), _maker(entries, None))}
    for entry in entries:
        path = FOLDER / f"{entry['type']}.md"
        page = _read(path) or f"# {entry['type']}\n\n{block('catalog', '')}\n"
        found[str(path)] = filled(page, _maker(entries, entry))
    return found


def problems(entries: list[Entry], texts: dict[str, str]) -> list[str]:
    """Return what is wrong with the pages and only a person can put right."""
    known = {f"{entry['type']}.md" for entry in entries}
    left = sorted(path.name for path in FOLDER.glob("*.md") if path.name not in known)
    return [
        *(f"{FOLDER / name} describes no built-in type" for name in left),
        *(f"{path} does not say what the node does" for path, text in texts.items()
          if not by_hand(text)),
        *(f"{path} has no block `catalog`" for path, text in texts.items()
          if path != str(INDEX) and "<!-- generated: catalog -->" not in text),
    ]  # fmt: skip


def _maker(entries: list[Entry], entry: Entry | None) -> Callable[[str], str]:
    def make(what: str) -> str:
        kind, _, name = what.partition(" ")
        if kind == "example":
            vector = json.loads(_read(VECTORS / f"{name}.json"))
            link = f"../../tests/vectors/{name}.json"
            return f"From a [test vector]({link}): {vector['name']}.\n\n{example(vector)}"
        if kind == "index":
            return "\n".join(_group(category, entries) for category in CATEGORIES)
        if kind == "catalog" and entry:
            return _facts(entry) + _params(entry)
        message = f"no block can be generated for {what!r}"
        raise ValueError(message)

    return make


def _group(category: str, entries: list[Entry]) -> str:
    chosen = sorted((entry for entry in entries if entry["category"] == category), key=_type)
    rows = [
        (f"[{entry['type']}](nodes/{entry['type']}.md)", entry["summary"], _runtimes(entry))
        for entry in chosen
    ]
    return _table((category, "", "runs in"), rows)


def _facts(entry: Entry) -> str:
    ports = [
        ("input" if side == "inputs" else "output", name, ", ".join(port["kinds"]))
        for side in ("inputs", "outputs")
        for name, port in entry[side].items()
    ]
    rows = [
        ("runs in", _runtimes(entry)),
        ("category", entry["category"]),
        *((f"{side} {_port(name)}", kinds) for side, name, kinds in ports),
        ("state", "kept across items" if entry["stateful"] else "none: each item by itself"),
    ]
    if not entry["inputs"]:
        rows.insert(2, ("input", "none: it generates"))
    if entry["aliases"]:
        rows.append(("other names", ", ".join(map(_code, entry["aliases"]))))
    if entry["requires"]:
        rows.append(("Python needs", ", ".join(entry["requires"])))
    return f"{entry['summary']}\n\n" + _table(("", ""), rows)


def _params(entry: Entry) -> str:
    properties = entry["params"]["properties"]
    if not properties:
        return "\nIt has no params.\n"
    required = entry["params"]["required"]
    rows = [
        (_names(name, spec), _kind(spec), _default(spec, required=name in required),
         spec.get("description", ""))
        for name, spec in properties.items()
    ]  # fmt: skip
    return "\n" + _table(("param", "type", "default", ""), rows)


def _names(name: str, spec: dict[str, Any]) -> str:
    also = ", ".join(map(_code, spec.get("aliases", ())))
    return _code(name) + (f" (also {also})" if also else "")


def _kind(spec: dict[str, Any]) -> str:
    if "enum" in spec:
        return ", ".join(map(_code, spec["enum"]))
    if spec.get("type") == "array":
        few = f", at least {spec['minItems']}" if spec.get("minItems") else ""
        different = ", all different" if spec.get("uniqueItems") else ""
        return f"list of {_kind(spec.get('items', {}))}{few}{different}"
    kind = str(spec.get("type", "any"))
    if "pattern" in spec:
        kind += f" {_code(spec['pattern'])}"
    return ", ".join([kind, *([spec["unit"]] if "unit" in spec else []), *_range(spec)])


def _range(spec: dict[str, Any]) -> list[str]:
    low, high = spec.get("minimum"), spec.get("maximum")
    above, below = spec.get("exclusiveMinimum"), spec.get("exclusiveMaximum")
    if high is not None and high >= MOST_EXACT:
        high = None
    if low is not None and high is not None:
        return [f"{_limit(low)} to {_limit(high)}"]
    signs = (("≥", low), (">", above), ("≤", high), ("<", below))
    return [f"{sign} {_limit(limit)}" for sign, limit in signs if limit is not None]


def _limit(value: float) -> str:
    return (f"{value:,}" if isinstance(value, int) else number(value)).replace("-", "−")


def _default(spec: dict[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    if "default" not in spec:
        return "none"
    value = spec["default"]
    is_whole = isinstance(value, float) and value.is_integer()
    return _code(json.dumps(int(value) if is_whole else value))


def _port(name: str) -> str:
    return f"ports: those of {_code(name[1:])}" if name.startswith("$") else _code(name)


def _runtimes(entry: Entry) -> str:
    return " and ".join(entry["runtimes"])


def _type(entry: Entry) -> str:
    return str(entry["type"])


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines
    )


def _code(text: str) -> str:
    return f"`{text}`"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
