"""Validates a manifest: all problems at once, with the codes of docs/internals/plan.md."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NamedTuple

from remotemedia._catalog import RUNTIMES, Catalog, Entry
from remotemedia._errors import Issue, ManifestError
from remotemedia._graph import canonical_order, find_cycle
from remotemedia._json_text import parse_json
from remotemedia._params import check_params, is_kind
from remotemedia._paths import child
from remotemedia._values import MAX_I64, MIN_I64

RELEASE = "0.1.0"
"""Version of this release; a manifest's `runtime.min_version` may not be newer."""

TARGETS = ("wasm32-wasi", "wasm32-wasip1")
HINTS = {
    "auto": "auto",
    **{name: name for name in RUNTIMES},
    **dict.fromkeys(("rust_python", "cpython", "cpython_wasm"), "python"),
}
"""Words for `runtime_hint` → what they mean."""

_ID = re.compile(r"[A-Za-z0-9_-]+\Z")
_PART = "0*([0-9]{1,20})"
_VERSION = re.compile(rf"{_PART}(?:\.{_PART})?(?:\.{_PART})?(?:[-+]|\Z)")
_RETRY_DEFAULTS = {
    "max_retries": 3,
    "base_delay_ms": 100,
    "max_delay_ms": 400,
    "multiplier": 2,
}
_TOP = ("version", "metadata", "runtime", "nodes", "connections")
_NODE = ("id", "node_type", "params", "runtime_hint", "timeout_ms", "on_error", "retry")
_METADATA = ("name", "description", "author", "version", "license")


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
        message = f"the manifest is not JSON: {error}"
        raise ManifestError([], message) from error


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

    def is_a(self, kind: str, value: Any, path: str) -> bool:
        if is_kind(value, kind):
            return True
        self.issue("wrong_type", path, f"must be of type {kind}", expected=kind, actual=value)
        return False

    def field(self, kind: str, owner: dict[str, Any], name: str, path: str) -> Any:
        """Return a required field if it is of the kind, else None."""
        at = child(path, name)
        if name not in owner:
            self.issue("missing_field", at, f"{name} is required")
            return None
        return owner[name] if self.is_a(kind, owner[name], at) else None

    def option(self, kind: str, owner: dict[str, Any], name: str, path: str) -> Any:
        """Return an optional field if it is there and of the kind, else None."""
        if name in owner and self.is_a(kind, owner[name], child(path, name)):
            return owner[name]
        return None

    def no_others(self, owner: dict[str, Any], allowed: tuple[str, ...], path: str) -> None:
        for key in owner:
            if key not in allowed:
                message = f"unknown field {key!r}; possible: {', '.join(allowed)}"
                at = child(path, key)
                self.issue("unknown_field", at, message, severity="warning", expected=list(allowed))

    # The parts of a manifest, from the outside in.

    def manifest(self, manifest: Any) -> None:
        if not self.is_a("object", manifest, "$"):
            return
        self.no_others(manifest, _TOP, "$")
        version = self.field("string", manifest, "version", "$")
        if version is not None and version != "v1":
            message = f"version {version!r} is not known here"
            self.issue("version_mismatch", "$.version", message, expected="v1", actual=version)
        metadata = self.option("object", manifest, "metadata", "$")
        for name in _METADATA:
            self.option("string", metadata or {}, name, "$.metadata")
        self.runtime(self.option("object", manifest, "runtime", "$") or {})
        nodes = self.field("array", manifest, "nodes", "$")
        if nodes == []:
            self.issue("no_nodes", "$.nodes", "a pipeline needs at least one node")
        for i, node in enumerate(nodes or ()):
            self.node(node, f"$.nodes[{i}]")
        for i, connection in enumerate(self.option("array", manifest, "connections", "$") or ()):
            self.connection(connection, f"$.connections[{i}]")
        self.unreached(nodes or [])
        cycle = find_cycle(self.ids, self.links)
        if cycle:
            message = f"a cycle: {' → '.join(cycle)}"
            self.issue("cycle", "$.connections", message, actual=cycle)

    def runtime(self, runtime: dict[str, Any]) -> None:
        path = "$.runtime"
        target = self.option("string", runtime, "target", path)
        if target is not None and target not in TARGETS:
            message = f"unknown target {target!r}"
            at = f"{path}.target"
            self.issue("wrong_target", at, message, expected=list(TARGETS), actual=target)
        oldest = self.option("string", runtime, "min_version", path)
        if oldest is not None and not is_at_most(oldest, RELEASE):
            message = f"needs release {oldest}, this is {RELEASE}"
            at = f"{path}.min_version"
            self.issue("version_mismatch", at, message, expected=f"≤ {RELEASE}", actual=oldest)
        for i, feature in enumerate(self.option("array", runtime, "features", path) or ()):
            self.is_a("string", feature, f"{path}.features[{i}]")

    def node(self, node: Any, path: str) -> None:
        if not self.is_a("object", node, path):
            return
        self.no_others(node, _NODE, path)
        name = self.id(node, path)
        entry = self.entry(node, path)
        params = self.params(node, entry, path)
        normal = {"id": name, "node_type": entry and entry["type"], "params": params}
        self.nodes.append(normal | self.reliability(node, path))
        if name is not None and name not in self.entries:
            self.ids.append(name)
            self.entries[name] = entry
            self.inputs[name] = _input_ports(entry, params)

    def entry(self, node: dict[str, Any], path: str) -> Entry | None:
        wanted, at = self.hint_of(node, path)
        given = self.field("string", node, "node_type", path)
        if given is None:
            return None
        runtimes = self.catalog.runtimes(given)
        if not runtimes:
            near = self.catalog.near(given)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            message = f"unknown type {given!r}{hint}"
            self.issue("unknown_type", f"{path}.node_type", message, expected=near, actual=given)
        elif wanted not in ("auto", *runtimes):
            message = f"{given} is not available for {wanted}, only for {runtimes}"
            self.issue("unavailable_runtime", at, message, expected=runtimes, actual=wanted)
        return self.catalog.find(given, wanted)

    def hint_of(self, node: dict[str, Any], path: str) -> tuple[str, str]:
        """Return the runtime that the node must have, or auto, and where that stands."""
        at = f"{path}.runtime_hint"
        given = self.option("string", node, "runtime_hint", path)
        if given is None and "runtime_hint" in node:
            return "auto", at
        if given is not None and given not in HINTS:
            words = list(HINTS)
            message = f"must be one of {', '.join(words)}"
            self.issue("wrong_type", at, message, expected=words, actual=given)
            return "auto", at
        wanted = HINTS[given or "auto"]
        return (HINTS[self.hint], f"{path}.node_type") if wanted == "auto" else (wanted, at)

    def params(self, node: dict[str, Any], entry: Entry | None, path: str) -> dict[str, Any] | None:
        """Return the complete params, None if something is wrong with them."""
        given = self.option("object", node, "params", path)
        if entry is None or (given is None and "params" in node):
            return None
        complete, issues = check_params(entry["params"], given or {}, f"{path}.params")
        self.issues += issues
        return None if issues else complete

    def id(self, node: dict[str, Any], path: str) -> str | None:
        name: str | None = self.field("string", node, "id", path)
        at = f"{path}.id"
        if name is None:
            return None
        if not _ID.match(name) or name.startswith("__"):
            message = f"{name!r} is not letters, digits, _ and -, or starts with __"
            self.issue("bad_id", at, message, expected="[A-Za-z0-9_-]+", actual=name)
        if name in self.entries:
            self.issue("duplicate_id", at, f"{name!r} is used before", actual=name)
        return name

    def reliability(self, node: dict[str, Any], path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        on_error = self.option("string", node, "on_error", path)
        if on_error is not None and on_error not in ("fail", "skip"):
            at = f"{path}.on_error"
            words = ["fail", "skip"]
            self.issue("wrong_type", at, "must be fail or skip", expected=words, actual=on_error)
        elif on_error is not None:
            found["on_error"] = on_error
        timeout = self.option("number", node, "timeout_ms", path)
        if timeout is not None:
            found["timeout_ms"] = timeout
            if not timeout > 0:
                at = f"{path}.timeout_ms"
                self.issue("bad_value", at, "must be > 0", expected="> 0", actual=timeout)
        retry = self.option("object", node, "retry", path)
        if retry is not None:
            found["retry"] = self.retry(retry, f"{path}.retry")
        return found

    def retry(self, retry: dict[str, Any], path: str) -> dict[str, Any]:
        self.no_others(retry, tuple(_RETRY_DEFAULTS), path)
        complete = {}
        for name, default in _RETRY_DEFAULTS.items():
            value = retry.get(name, default)
            least = 1 if name == "multiplier" else 0
            at = f"{path}.{name}"
            kind, most = "number", math.inf
            if name == "max_retries":
                most = 2**32 - 1
                if isinstance(value, float) and value.is_integer():
                    value = int(value)
                if type(value) is not int:  # of any size: out of range is a bad_value
                    kind = "integer"
            if self.is_a(kind, value, at) and not least <= value <= most:
                rule = f"≥ {least}" if value < least else f"≤ {most}"
                self.issue("bad_value", at, f"must be {rule}", expected=rule, actual=value)
            complete[name] = value
        return complete

    def connection(self, connection: Any, path: str) -> None:
        if not self.is_a("object", connection, path):
            return
        self.no_others(connection, ("from", "to"), path)
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
        given = self.field("string", connection, name, path)
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
