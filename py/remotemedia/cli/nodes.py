"""`remotemedia nodes`."""

import difflib
import json
from typing import Annotated, Any, Literal

import typer

from remotemedia._json_form import JsonFormError
from remotemedia.cli._options import Json
from remotemedia.cli._output import print_json, print_table
from remotemedia.cli._pipelines import catalog

EXAMPLES = ["nodes", "nodes AudioResampleNode", "nodes --json"]

_BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minItems": "at least {} items",
    "pattern": "like {}",
}


def command(
    node_type: Annotated[
        str | None, typer.Argument(metavar="TYPE", help="Tell all about this type or alias.")
    ] = None,
    *,
    runtime: Annotated[
        Literal["python", "rust", "all"] | None,
        typer.Option(help="Of which runtime; all, or with --json and without TYPE python."),
    ] = None,
    as_json: Json = False,
) -> int:
    """List the nodes that there are, or tell all about one: its ports and params.

    With --json their catalog entries.
    """
    # `nodes --json` is the catalog of Python since the first release.
    chosen = runtime or ("python" if as_json and node_type is None else "all")
    entries = [entry for entry in catalog() if chosen in ("all", entry["runtime"])]
    if node_type is not None:
        entries = [entry for entry in entries if node_type in (entry["type"], *entry["aliases"])]
        if not entries:
            raise JsonFormError(_unknown(node_type))
    if as_json:
        print_json(entries, indent=2)
    elif node_type is None:
        _list(entries)
    else:
        _tell(entries)
    return 0


def _unknown(name: str) -> str:
    known = {entry["type"] for entry in catalog()}
    near = difflib.get_close_matches(name, known)
    return f"there is no node {name}" + (f"; near is {', '.join(near)}" if near else "")


def _list(entries: list[dict[str, Any]]) -> None:
    by_type: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        by_type.setdefault(entry["type"], []).append(entry)
    for same in by_type.values():
        properties = same[0]["params"]["properties"].items()
        params = ", ".join(
            f"{name}={json.dumps(spec['default'])}" if "default" in spec else name
            for name, spec in properties
        )
        print(f"{same[0]['type']}({params}): {same[0]['summary']}")


def _tell(entries: list[dict[str, Any]]) -> None:
    entry = entries[0]
    print(f"{entry['type']}: {entry['summary']}")
    facts = {
        "aliases": ", ".join(entry["aliases"]),
        "category": entry["category"],
        "runs in": ", ".join(dict.fromkeys(same["runtime"] for same in entries)),
        "needs": ", ".join(sorted({name for same in entries for name in same["requires"]})),
        **_ports("input", entry["inputs"]),
        **_ports("output", entry["outputs"]),
        "state": "kept across items" if entry["stateful"] else "none",
    }
    print_table(("", ""), [(name, text) for name, text in facts.items() if text])
    properties = entry["params"]["properties"]
    required = entry["params"].get("required", ())
    if properties:
        print()
        rows = [_param(name, spec, required=name in required) for name, spec in properties.items()]
        print_table(("param", "type", "default", ""), rows)


def _ports(word: str, ports: dict[str, Any]) -> dict[str, str]:
    return {f"{word} {name}": ", ".join(port["kinds"]) for name, port in ports.items()}


def _param(name: str, spec: dict[str, Any], *, required: bool) -> tuple[str, str, str, str]:
    default = "required" if required else json.dumps(spec.get("default"))
    if not required and "default" not in spec:
        default = "none"
    text = spec.get("description", "")
    aliases = spec.get("aliases")
    return name, _type(spec), default, f"{text} Also {', '.join(aliases)}." if aliases else text


def _type(spec: dict[str, Any]) -> str:
    """Return the type, unit and range of a param."""
    words = "|".join(map(json.dumps, spec["enum"])) if "enum" in spec else spec.get("type", "any")
    if "items" in spec:
        words = f"list of {_type(spec['items'])}"
    bounds = [text.format(spec[key]) for key, text in _BOUNDS.items() if key in spec]
    bounds += ["all different"] if spec.get("uniqueItems") else []
    return ", ".join([words, *([spec["unit"]] if "unit" in spec else []), *bounds])
