"""`Pipeline`: what a Python program runs."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from threading import RLock
from time import perf_counter
from typing import TYPE_CHECKING, Any

from remotemedia._effects import drive, drive_async
from remotemedia._errors import (
    CapabilityError,
    ManifestError,
    ManifestWarning,
    RemoteMediaError,
    RuntimeLoadError,
)
from remotemedia._json_text import parse_json
from remotemedia._manifest import HINTS
from remotemedia._metrics import RunMetrics
from remotemedia._planning import make_plan
from remotemedia._registry import Registry
from remotemedia._runner import PythonPlace, Run, close_all, note_later_error, open_all
from remotemedia._steps import is_async_node
from remotemedia._turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator
    from os import PathLike

    from remotemedia._effects import Effects
    from remotemedia._node import Node
    from remotemedia._planning import Planned
    from remotemedia._runner import Place

_VALUES = (str, bytes, bytearray, memoryview, dict, tuple)


class Pipeline:
    """A graph of nodes that can be run again and again; every run starts with fresh nodes.

    It runs once at a time: further calls, of threads and of tasks, wait in order. For runs in
    parallel make several pipelines.

    `Pipeline([MultiplyNode(factor=2), AddNode(addend=10)])` is a chain; `from_manifest`,
    `from_json`, `from_yaml` and `from_package` take any graph. `runtime_hint` ("auto", "rust",
    "python") is the runtime of nodes whose manifest entry says "auto". With `enable_metrics`,
    `get_metrics()` tells what was measured.
    """

    def __init__(
        self,
        nodes: Iterable[Node] = (),
        name: str = "pipeline",
        *,
        manifest: dict[str, Any] | None = None,
        node_types: Iterable[type[Node]] = (),
        enable_metrics: bool = False,
        runtime_hint: str = "auto",
    ) -> None:
        if runtime_hint not in HINTS:
            message = f"runtime_hint must be one of {', '.join(HINTS)}, not {runtime_hint!r}"
            raise ValueError(message)
        self._hint = runtime_hint
        self._registry = Registry(node_types)
        self._metrics = RunMetrics() if enable_metrics else None
        self._planned: Planned | None = None
        self._planning = RLock()
        self._turns = Turns()
        self._manifest: Any = (
            manifest
            if manifest is not None
            else {
                "version": "v1",
                "metadata": {"name": name},
                "nodes": [],
                "connections": [],
            }
        )
        for node in nodes:
            self.add_node(node)

    @classmethod
    def from_manifest(cls, manifest: dict[str, Any], **options: Any) -> Pipeline:
        """Make a pipeline of a manifest.

        Options, here and in the methods below: `enable_metrics`, `runtime_hint`, and `node_types`,
        classes of your own that the manifest names.
        """
        return cls(manifest=manifest, **options)

    @classmethod
    def from_json(cls, source: str | PathLike[str], **options: Any) -> Pipeline:
        """Make a pipeline of a JSON file, or of JSON text (which starts with a brace)."""
        text = _text(source)
        try:
            manifest = parse_json(text)
        except ValueError as error:
            message = f"the manifest is not JSON: {error}"
            raise ManifestError([], message) from error
        return cls.from_manifest(manifest, **options)

    @classmethod
    def from_yaml(cls, source: str | PathLike[str], **options: Any) -> Pipeline:
        """Make a pipeline of a YAML file, or of YAML text (which has several lines)."""
        return cls.from_manifest(read_yaml(_text(source)), **options)

    @classmethod
    def from_package(cls, source: str | PathLike[str] | bytes, **options: Any) -> Pipeline:
        """Make a pipeline of a `.rmpkg` bundle: a path or its bytes."""
        from remotemedia._package import Package

        package = Package.load(source)
        for warning in package.warnings:
            warnings.warn(warning, ManifestWarning, stacklevel=2)
        return cls.from_manifest(package.manifest, **options)

    def add_node(self, node: Node) -> Pipeline:
        """Append a node to the chain; returns the pipeline."""
        if self._registry.find(node.type_name) is not type(node):
            self._registry.add(type(node))
        nodes, connections = self._manifest["nodes"], self._manifest["connections"]
        name = _identifier(node.name) or _identifier(node.type_name) or "node"
        spec = {"id": f"{name}_{len(nodes)}", "node_type": node.type_name, "params": node.params}
        if nodes:
            connections.append({"from": nodes[-1]["id"], "to": spec["id"]})
        nodes.append(spec)
        self._planned = None
        return self

    def serialize(self) -> str:
        """Return the manifest as JSON."""
        return json.dumps(self._manifest, indent=2, ensure_ascii=False)

    async def run(self, input_data: Any = None, *, by_sink: bool = False) -> Any:
        """Run; a list is items, an iterator or (async) iterable a stream, anything else one item.

        Returns the output: a value if one item gave one output, else a list. With several sinks
        it is a dict of those by node id. With `by_sink` it is always a dict of lists. Raises what
        the run failed with.
        """
        async with self._turns.waiting():
            return await drive_async(self._run(input_data, by_sink=by_sink))

    def run_sync(self, input_data: Any = None, *, by_sink: bool = False) -> Any:
        """Run, blocking. With `async def` nodes it needs a thread that has no event loop."""
        run = self._run(input_data, by_sink=by_sink)
        if not hasattr(input_data, "__aiter__") and not self._has_async_nodes():
            with self._turns.blocking():
                return drive(run)
        import asyncio

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            with self._turns.blocking():
                return asyncio.run(drive_async(run))
        message = "an event loop is running here: use `await pipeline.run(...)`"
        raise CapabilityError(message)

    def plan(self) -> dict[str, Any]:
        """Return the plan: which segments there are and where they run; validates the manifest."""
        return self._plan().plan

    def get_metrics(self) -> dict[str, Any] | None:
        """Return what all runs so far measured; None unless metrics are enabled."""
        return None if self._metrics is None else self._metrics.report(self.plan()["name"])

    def _plan(self) -> Planned:
        with self._planning:
            if self._planned is None:
                self._planned = planned = make_plan(
                    self._manifest, self._registry, self._hint, metrics=self._metrics is not None
                )
                if self._metrics is not None and planned.rust is not None:
                    self._metrics.load_ms["wasm_ms"] = planned.rust.load_ms
            return self._planned

    def _has_async_nodes(self) -> bool:
        types = {
            node["node_type"]
            for segment in self.plan()["segments"]
            if segment["runtime"] == "python"
            for node in segment["nodes"]
        }
        return any(is_async_node(cls) for cls in map(self._registry.find, types) if cls)

    def _open(self) -> list[Place]:
        segments = self.plan()["segments"]
        return open_all(segments, self._open_one)

    def _open_one(self, segment: dict[str, Any]) -> Place:
        if segment["runtime"] == "python":
            _need(segment["requires"])
            engine = PythonPlace(segment, self._registry.find)
            engine.open()
            return engine
        rust = self._plan().rust
        if rust is None:
            message = f"there is no runtime for the place {segment['place']}"
            raise RuntimeLoadError(message)
        place: Place = rust.open(segment)
        return place

    def _run(self, input_data: Any, *, by_sink: bool) -> Effects:
        items, one = _items(input_data)
        places = self._open()
        run = Run(self.plan(), places)
        start = perf_counter()
        try:
            yield from run.all(items)
        except BaseException as error:
            note_later_error(error, self._finish(places, start))
            raise
        failure = self._finish(places, start)
        if failure is not None:
            if isinstance(failure, RemoteMediaError):
                failure.delivered = run.sinks
            raise failure
        if by_sink:
            return run.sinks
        shaped = {name: _shape(values, one=one) for name, values in run.sinks.items()}
        return next(iter(shaped.values())) if len(shaped) == 1 else shaped

    def _finish(self, places: list[Place], start: float) -> Exception | None:
        """Count the run and close its nodes; returns the first error of that."""
        first: Exception | None = None
        try:
            if self._metrics is not None:
                self._metrics.add(places, (perf_counter() - start) * 1e6)
        except Exception as error:  # noqa: BLE001 - the nodes must be closed
            first = error
        finally:
            try:
                close_all(places)
            except Exception as error:  # noqa: BLE001 - the caller raises it
                first = first or error
        return first


def _identifier(name: str) -> str:
    """Return the name with what an id may contain; ids do not start with two underscores."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name).lstrip("_")


def _shape(values: list[Any], *, one: bool) -> Any:
    return values[0] if one and len(values) == 1 else values


def _items(input_data: Any) -> tuple[Iterator[Any] | AsyncIterator[Any], bool]:
    """Return the items, and whether there is exactly one."""
    if hasattr(input_data, "__aiter__"):
        return input_data.__aiter__(), False
    is_value = isinstance(input_data, _VALUES) or hasattr(input_data, "dtype")
    if not is_value and hasattr(input_data, "__iter__"):
        return iter(input_data), False
    return iter([input_data]), True


def _text(source: str | PathLike[str]) -> str:
    if isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{")):
        return source
    return Path(source).read_text(encoding="utf-8")


def read_yaml(text: str) -> Any:
    """Parse YAML; raises RuntimeLoadError that names the extra if its package is missing."""
    try:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError
    except ImportError:
        message = "YAML needs ruamel.yaml: pip install 'remotemedia[yaml]'"
        raise RuntimeLoadError(message) from None
    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        message = f"the manifest is not YAML: {error}"
        raise ManifestError([], message) from error


def _need(packages: list[str]) -> None:
    from importlib.util import find_spec

    for package in packages:
        if find_spec(package) is None:
            message = f"a node needs {package}: pip install 'remotemedia[audio]'"
            raise RuntimeLoadError(message)
