"""Validates a manifest: all problems at once, with the codes of docs/internals/plan.md."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from remotemedia._catalog import Catalog
from remotemedia._errors import Issue, ManifestError
from remotemedia._graph import canonical_order, find_cycle
from remotemedia._json_text import parse_json
from remotemedia._params import broken_rule, check_params, is_kind
from remotemedia._paths import child
from remotemedia._schema import CONNECTION, HINTS, MANIFEST, NODE, RETRY, Schema
from remotemedia._values import MAX_I64, MIN_I64

if TYPE_CHECKING:
    from remotemedia._catalog import Entry

RELEASE = "0.1.0"
"""Version of this release; a manifest's `runtime.min_version` may not be newer."""

_PART = "0*([0-9]{1,20})"
_VERSION = re.compile(rf"{_PART}(?:\.{_PART})?(?:\.{_PART})?(?:[-+]|\Z)")


class NormalManifest(NamedTuple):
    """A valid manifest in normal form.

    Canonical types, params complete, endpoints with ports; `nodes` in manifest order, each with
    its `order`, the place in the canonical order.
    """

    name: str | None
    nodes: list[dict[str, Any]]
    connections: list[dict[str, str]]
    generating: frozenset[str]
    """Ids of the nodes that take no input."""


MOST_NESTING = 255
"""Levels of a manifest; the planner refuses requests with one more."""


def as_json(manifest: Any) -> Any:
    """Return a manifest as every language reads it; raises ManifestError if it is not JSON.

    JSON has no NaN or infinity, no number beyond a double and no half of a surrogate pair. An
    integer beyond 64 bits is a float. Keys become strings and tuples lists.
    """
    try:
        text = json.dumps(manifest, allow_nan=False, ensure_ascii=False)
        text.encode()
        return _as_read(parse_json(text), MOST_NESTING)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise not_json(error) from error


def not_json(error: Exception) -> ManifestError:
    """Return the error of a manifest that is not JSON."""
    return ManifestError([Issue("wrong_type", "$", f"not JSON: {error}", expected="object")])


def _as_read(value: Any, levels: int) -> Any:
    if isinstance(value, (list, dict)) and levels == 0:
        message = f"nested deeper than {MOST_NESTING} levels"
        raise ValueError(message)
    if isinstance(value, list):
        return [_as_read(item, levels - 1) for item in value]
    if isinstance(value, dict):
        return {key: _as_read(item, levels - 1) for key, item in value.items()}
    if isinstance(value, int) and not MIN_I64 <= value <= MAX_I64:
        return float(value)
    return value


def validate(
    manifest: Any, catalog: Catalog, runtime_hint: str = "auto"
) -> tuple[NormalManifest | None, list[Issue]]:
    """Return the normal form, None if there are errors, and all issues, warnings included.

    The manifest is what `as_json` gives.
    """
    validator = _Validator(catalog, runtime_hint)
    validator.manifest(manifest)
    if any(issue.severity == "error" for issue in validator.issues):
        return None, validator.issues
    name = manifest.get("metadata", {}).get("name")
    order = {node: i for i, node in enumerate(canonical_order(validator.ids, validator.links))}
    for node in validator.nodes:
        node["order"] = order[node["id"]]
    entries = validator.entries.items()
    generating = frozenset(name for name, entry in entries if entry and not entry["inputs"])
    connections = [*validator.connections.values()]
    return NormalManifest(name, validator.nodes, connections, generating), validator.issues


def check_node_fields(fields: dict[str, Any]) -> list[Issue]:
    """Return what is wrong with fields of a node other than id, type and params."""
    validator = _Validator(Catalog({}), "auto")
    validator.object({"id": "x", "node_type": "x", **fields}, NODE, "$")
    return [issue._replace(severity="error") for issue in validator.issues]


class _Validator:
    def __init__(self, catalog: Catalog, runtime_hint: str) -> None:
        self.catalog = catalog
        self.hint = runtime_hint
        self.issues: list[Issue] = []
        self.ids: list[str] = []
        self.entries: dict[str, Entry | None] = {}
        self.nodes: list[dict[str, Any]] = []
        self.connections: dict[tuple[str, str], dict[str, str]] = {}
        self.links: list[tuple[str, str]] = []
        self.inputs: dict[str, list[str] | None] = {}
        """Input ports by node, None where they are not known."""
        self.reached: set[str] = set()
        """Nodes that a connection goes to, right or wrong."""

    # Small questions, each of which notes what is wrong.

    def issue(self, code: str, path: str, message: str, **more: Any) -> None:
        self.issues.append(Issue(code, path, message, **more))

    def object(self, value: Any, schema: Schema, path: str) -> dict[str, Any] | None:
        """Check an object; return its fields that are of the right type, None if it is none."""
        if not is_kind(value, "object"):
            self.wrong_type("object", value, path)
            return None
        fields: dict[str, Schema] = schema["properties"]
        for key in () if "additionalProperties" in schema else value.keys() - fields:
            message = f"unknown field {key!r}; possible: {', '.join(fields)}"
            at = child(path, key)
            self.issue("unknown_field", at, message, severity="warning", expected=list(fields))
        for name in schema.get("required", ()):
            if name not in value:
                self.issue("missing_field", child(path, name), f"{name} is required")
        checked = {
            name: self.field(value[name], fields[name], child(path, name))
            for name in fields
            if name in value
        }
        return {name: field for name, field in checked.items() if field is not None}

    def field(self, value: Any, schema: Schema, path: str) -> Any:
        """Check a field; return it, None if it is of a wrong type."""
        if "properties" in schema:
            return self.object(value, schema, path)
        kind = schema["type"]
        if kind == "integer" and isinstance(value, (int, float)) and value % 1 == 0:
            kind = "number"  # of any size: out of range is no matter of type
            value = value if isinstance(value, bool) else int(value)
        if not is_kind(value, kind):
            self.wrong_type(kind, value, path)
            return None
        rule = broken_rule(schema, value)
        if rule is not None:
            code = schema.get("code", "bad_value")
            self.issue(code, path, f"must be {rule}", expected=rule, actual=value)
        if "items" in schema:
            return [self.field(v, schema["items"], child(path, i)) for i, v in enumerate(value)]
        return value

    def wrong_type(self, kind: str, value: Any, path: str) -> None:
        message = f"must be of type {kind}"
        self.issue("wrong_type", path, message, expected=kind, actual=value)

    # The parts of a manifest, from the outside in.

    def manifest(self, manifest: Any) -> None:
        fields = self.object(manifest, MANIFEST, "$") or {}
        oldest = fields.get("runtime", {}).get("min_version", "0")
        if not is_at_most(oldest, RELEASE):
            message = f"needs release {oldest}, this is {RELEASE}"
            at = "$.runtime.min_version"
            self.issue("version_mismatch", at, message, expected=f"≤ {RELEASE}", actual=oldest)
        nodes = fields.get("nodes", [])
        for i, node in enumerate(nodes):
            self.node(node, f"$.nodes[{i}]")
        for i, connection in enumerate(fields.get("connections", ())):
            self.connection(connection, f"$.connections[{i}]")
        self.unreached(nodes)
        cycle = find_cycle(self.ids, self.links)
        if cycle:
            message = f"a cycle: {' → '.join(cycle)}"
            self.issue("cycle", "$.connections", message, actual=cycle)

    def node(self, given: Any, path: str) -> None:
        node = self.object(given, NODE, path)
        if node is None:
            return
        wrong = given.keys() - node
        name = node.get("id")
        entry = self.entry(node, path, hint="auto" if "runtime_hint" in wrong else self.hint)
        params = None
        if entry is not None and "params" not in wrong:
            params, issues = check_params(entry["params"], node.get("params", {}), f"{path}.params")
            self.issues += issues
            params = None if issues else params
        normal = {"id": name, "node_type": entry and entry["type"], "params": params}
        normal |= {key: node[key] for key in ("on_error", "timeout_ms") if key in node}
        if "retry" in node:
            defaults = {key: field["default"] for key, field in RETRY["properties"].items()}
            normal["retry"] = defaults | node["retry"]
        self.nodes.append(normal)
        if name is None:
            return
        if name in self.entries:
            self.issue("duplicate_id", f"{path}.id", f"{name!r} is used before", actual=name)
        else:
            self.ids.append(name)
            self.entries[name] = entry
            self.inputs[name] = _input_ports(entry, params)

    def entry(self, node: dict[str, Any], path: str, hint: str) -> Entry | None:
        given = node.get("node_type")
        if given is None:
            return None
        wanted, at = HINTS.get(node.get("runtime_hint", "auto"), "none"), f"{path}.runtime_hint"
        if wanted == "auto":
            wanted, at = HINTS[hint], f"{path}.node_type"
        runtimes = self.catalog.runtimes(given)
        if not runtimes:
            near = self.catalog.near(given)
            also = f"; did you mean {' or '.join(near)}?" if near else ""
            message = f"unknown type {given!r}{also}"
            self.issue("unknown_type", f"{path}.node_type", message, expected=near, actual=given)
        elif wanted not in ("auto", "none", *runtimes):
            message = f"{given} is not available for {wanted}, only for {runtimes}"
            self.issue("unavailable_runtime", at, message, expected=runtimes, actual=wanted)
        return self.catalog.find(given, wanted)

    def connection(self, given: Any, path: str) -> None:
        connection = self.object(given, CONNECTION, path) or {}
        start = self.endpoint(connection, "from", "out", path)
        end = self.endpoint(connection, "to", "in", path)
        if start is None or end is None:
            return
        ends = ".".join(start), ".".join(end)
        if ends in self.connections:
            message = f"{ends[0]} → {ends[1]} stands there already"
            self.issue("duplicate_connection", path, message, actual=list(ends))
            return
        self.connections[ends] = {"from": ends[0], "to": ends[1]}
        self.links.append((start[0], end[0]))

    def endpoint(
        self, connection: dict[str, Any], name: str, default: str, path: str
    ) -> tuple[str, str] | None:
        given = connection.get(name)
        if given is None:
            return None
        at = f"{path}.{name}"
        node, dot, port = given.rpartition(".")
        if not dot or given in self.entries:
            node, port = given, default
        if node not in self.entries:
            message = f"{given!r} names no node"
            self.issue("unknown_endpoint", at, message, expected=self.ids, actual=given)
            return None
        entry = self.entries[node]
        if name == "to":
            self.reached.add(node)
            ports = self.inputs[node]
        else:
            ports = list(entry["outputs"]) if entry else None
        if ports is not None and port not in ports:
            message = f"{node!r} has no port {port!r}, only {', '.join(ports) or 'none'}"
            self.issue("unknown_port", at, message, expected=ports, actual=port)
        return node, port

    def unreached(self, nodes: list[Any]) -> None:
        """Note the nodes that would take the pipeline's input at a port `in` that they lack."""
        for i, node in enumerate(nodes):
            name = node.get("id") if isinstance(node, dict) else None
            ports = self.inputs.pop(name, None) if isinstance(name, str) else None
            if ports and "in" not in ports and name not in self.reached:
                message = f"nothing is connected to {name!r}, and it has no port in, only {ports}"
                self.issue("unknown_port", f"$.nodes[{i}]", message, expected=ports)


def _input_ports(entry: Entry | None, params: dict[str, Any] | None) -> list[str] | None:
    """Return the input ports of a node, those included that its params name; None if unknown."""
    if entry is None or (params is None and any(port[:1] == "$" for port in entry["inputs"])):
        return None
    ports: list[str] = []
    for port in entry["inputs"]:
        ports += (params or {}).get(port[1:], ()) if port[:1] == "$" else (port,)
    return ports


def is_at_most(version: str, release: str) -> bool:
    """Tell whether a dotted version is not newer than another; no version is not.

    It has at most three parts; what follows a "-" or "+" does not count.
    """
    wanted, have = _VERSION.match(version), _VERSION.match(release)
    if wanted is None or have is None:
        return False
    return [*map(int, wanted.groups("0"))] <= [*map(int, have.groups("0"))]
