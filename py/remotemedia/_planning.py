"""Decides where the nodes of a manifest run: with the Rust planner, or all in Python without it."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from remotemedia._catalog import Catalog
from remotemedia._errors import (
    FallbackWarning,
    Issue,
    ManifestError,
    ManifestWarning,
    RemoteMediaError,
    RuntimeLoadError,
)
from remotemedia._manifest import as_json, validate
from remotemedia._requirements import name_of
from remotemedia._schema import HINTS
from remotemedia._segment import plan_of_one

if TYPE_CHECKING:
    from remotemedia._hosts.wasmtime import RustRuntime
    from remotemedia._registry import Registry
    from remotemedia._segment import Plan


class Planned(NamedTuple):
    """A plan and the runtime that its Rust segments need, None if it has none."""

    plan: Plan
    rust: RustRuntime | None


def load_rust() -> RustRuntime:
    """Return a fresh instance of the Rust runtime; raises RuntimeLoadError that says why not."""
    try:
        from remotemedia._hosts.wasmtime import RustRuntime
    except ModuleNotFoundError as missing:  # the wheel of browsers is without it
        message = f"Rust does not run in Python here: there is no {missing.name}"
        raise RuntimeLoadError(message) from missing
    return RustRuntime.load()


def is_rust_runtime_available() -> bool:
    """Tell whether Rust nodes can run here: the extra `wasm` is installed and its module loads."""
    try:
        load_rust()
    except RuntimeLoadError:
        return False
    return True


def make_plan(
    manifest: Any, registry: Registry, runtime_hint: str, *, metrics: bool, trace: bool = False
) -> Planned:
    """Return the plan of a manifest; raises ManifestError with all issues."""
    planned = _make_plan(manifest, registry, runtime_hint, metrics=metrics)
    for segment in planned.plan["segments"]:
        segment["trace"] = trace
    return planned


def _make_plan(manifest: Any, registry: Registry, runtime_hint: str, *, metrics: bool) -> Planned:
    manifest = as_json(manifest)
    if HINTS[runtime_hint] == "python" and not _asks_for_rust(manifest):
        return Planned(plan_in_python(manifest, registry, runtime_hint, metrics=metrics), None)
    try:
        rust = load_rust()
    except RuntimeLoadError as error:
        return Planned(_fall_back(manifest, registry, error, runtime_hint, metrics=metrics), None)
    rust.bundle = registry.bundle
    request = {
        "manifest": manifest,
        "catalogs": registry.catalogs(),
        "runtime_hint": HINTS[runtime_hint],
        "metrics": metrics,
    }
    try:
        answer = rust.plan(_to_json("the catalog of the nodes", request))
    except RemoteMediaError as error:
        if error.code != "bad_request":
            raise
        raise ManifestError([], f"the manifest cannot be read: {error.message}") from error
    return Planned(read_answer(answer), rust)


def _to_json(what: str, value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ManifestError([], f"{what} is not JSON: {error}") from error


def read_answer(answer: dict[str, Any]) -> Plan:
    """Return the plan of a planner's answer; raises ManifestError if it holds issues."""
    if "plan" not in answer:
        raise ManifestError([Issue(**issue) for issue in answer["issues"]])
    _warn(Issue(**issue) for issue in answer.get("warnings", ()))
    plan: Plan = answer["plan"]
    return plan


def plan_in_python(manifest: Any, registry: Registry, hint: str, *, metrics: bool) -> Plan:
    """Return the plan with everything in one Python segment; needs no Rust."""
    catalog = Catalog({"python": registry.catalog()})
    normal, issues = validate(manifest, catalog, hint)
    if normal is None:
        raise ManifestError(issues)
    _warn(issues)
    needed = registry.requirements(node["node_type"] for node in normal.nodes)
    requires = sorted({name_of(requirement) for requirement in needed})
    return plan_of_one(normal, metrics=metrics, requires=requires)


def _fall_back(
    manifest: Any, registry: Registry, reason: RuntimeLoadError, hint: str, *, metrics: bool
) -> Plan:
    try:
        plan = plan_in_python(manifest, registry, hint, metrics=metrics)
    except ManifestError as error:
        errors = [issue for issue in error.issues if issue.severity == "error"]
        if {issue.code for issue in errors} != {"unknown_type"}:
            raise
        names = ", ".join(sorted({str(issue.actual) for issue in errors}))
        message = f"no Python implementation of {names}, and {reason.message}"
        raise RuntimeLoadError(message) from reason
    message = f"everything runs in Python: {reason.message}"
    warnings.warn(message, FallbackWarning, stacklevel=2)
    return plan


def _asks_for_rust(manifest: Any) -> bool:
    nodes = manifest.get("nodes") if isinstance(manifest, dict) else None
    return isinstance(nodes, list) and any(
        isinstance(node, dict) and node.get("runtime_hint") == "rust" for node in nodes
    )


def _warn(issues: Any) -> None:
    for issue in issues:
        if issue.severity == "warning":
            warnings.warn(ManifestWarning(f"{issue.path}: {issue.message}", issue), stacklevel=2)
