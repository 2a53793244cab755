"""`Pipeline`: what a Python program runs."""

from __future__ import annotations

import json
import re
import warnings
from threading import RLock
from time import perf_counter
from typing import TYPE_CHECKING, Any

from remotemedia._circuits import Circuits
from remotemedia._control import THREADS, Control
from remotemedia._effects import drive, run_inline
from remotemedia._errors import (
    CapabilityError,
    ManifestWarning,
    NodeTimeoutError,
    RemoteMediaError,
)
from remotemedia._execution import Execution, Kept, need
from remotemedia._feed import Feed
from remotemedia._metrics import RunMetrics
from remotemedia._planning import make_plan
from remotemedia._registry import Registry
from remotemedia._schema import HINTS
from remotemedia._sources import read_json, read_yaml
from remotemedia._trace import Trace
from remotemedia._turns import Turns, running_loop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from os import PathLike

    from remotemedia._effects import Effects
    from remotemedia._execution import Progress
    from remotemedia._node import Node
    from remotemedia._planning import Planned
    from remotemedia._stream import Batches, Stream


class Pipeline:
    """A graph of nodes that can be run again and again; every run starts with fresh nodes.

    It runs once at a time: further calls, of threads and of tasks, wait in order. For runs in
    parallel make several pipelines.

    `Pipeline([MultiplyNode(factor=2), AddNode(addend=10)])` is a chain; `from_manifest`,
    `from_json`, `from_yaml` and `from_package` take any graph. `runtime_hint` ("auto", "rust",
    "python") is the runtime of nodes whose manifest entry says "auto". With `enable_metrics`,
    `get_metrics()` tells what was measured, with `enable_trace` `get_trace()` when.
    """

    def __init__(
        self,
        nodes: Iterable[Node] = (),
        name: str = "pipeline",
        *,
        manifest: dict[str, Any] | None = None,
        node_types: Iterable[type[Node]] = (),
        enable_metrics: bool = False,
        enable_trace: bool = False,
        runtime_hint: str = "auto",
    ) -> None:
        if runtime_hint not in HINTS:
            message = f"runtime_hint must be one of {', '.join(HINTS)}, not {runtime_hint!r}"
            raise ValueError(message)
        self._hint = runtime_hint
        self._kept = Kept(
            Registry(node_types),
            Circuits(),
            RunMetrics() if enable_metrics else None,
            Trace() if enable_trace else None,
        )
        self.skipped: dict[str, Any] = {"count": 0, "errors": []}
        """What `on_error: "skip"` dropped in the last run: all counted, the first 100 kept."""
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

        Options, here and in the methods below: `enable_metrics`, `enable_trace`, `runtime_hint`,
        and `node_types`, classes of your own that the manifest names.
        """
        return cls(manifest=manifest, **options)

    @classmethod
    def from_json(cls, source: str | PathLike[str], **options: Any) -> Pipeline:
        """Make a pipeline of a JSON file, or of JSON text (which starts with a brace)."""
        return cls.from_manifest(read_json(source), **options)

    @classmethod
    def from_yaml(cls, source: str | PathLike[str], **options: Any) -> Pipeline:
        """Make a pipeline of a YAML file, or of YAML text (which has several lines)."""
        return cls.from_manifest(read_yaml(source), **options)

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
        if self._kept.registry.find(node.type_name) is not type(node):
            self._kept.registry.add(type(node))
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

    async def run(
        self,
        input_data: Any = None,
        *,
        sources: dict[str, Any] | None = None,
        by_sink: bool = False,
        timeout_ms: float | None = None,
        on_progress: Progress | None = None,
    ) -> Any:
        """Run; a list is items, an iterator or (async) iterable a stream, anything else one item.

        `sources` is input per source: of lists, round k takes item k of every source that has one;
        each item of a stream is a round of its own. After `timeout_ms` milliseconds the run ends
        with a NodeTimeoutError. `on_progress` is called in the thread of the run with a dict
        (`phase` "load-wasm" or "run", `loaded`, `total`, `items_in`, `items_out`, `bytes_in`,
        `bytes_out`); what it raises ends the run.

        Returns the output: a value if one item gave one output, else a list. With several sinks
        it is a dict of those by node id. With `by_sink` it is always a dict of lists. Raises what
        the run failed with.
        """
        feed = Feed(input_data, sources)
        async with self._turns.waiting():
            control = self._control(feed, timeout_ms, running_loop())
            effects = self._effects(feed, control, on_progress)
            if THREADS:
                sinks = await control.run(effects)
            else:
                sinks = await run_inline(effects, feed)
        return _shaped(sinks, feed, by_sink=by_sink)

    def run_sync(
        self,
        input_data: Any = None,
        *,
        sources: dict[str, Any] | None = None,
        by_sink: bool = False,
        timeout_ms: float | None = None,
        on_progress: Progress | None = None,
    ) -> Any:
        """Run, blocking. With async nodes or input it needs a thread that has no event loop."""
        feed = self._blocking_feed(input_data, sources)
        with self._turns.blocking():
            control = self._control(feed, timeout_ms)
            effects = self._effects(feed, control, on_progress)
            sinks = control.run_sync(effects) if THREADS else drive(effects, feed)
        return _shaped(sinks, feed, by_sink=by_sink)

    def stream(
        self,
        input_data: Any = None,
        *,
        sources: dict[str, Any] | None = None,
        live: str | dict[str, str] = "block",
        timeout_ms: float | None = None,
        on_progress: Progress | None = None,
    ) -> Stream:
        """Run; what the sinks give comes as (sink, item) while the run goes on.

        A consumer that does not take the results holds the sources up. `live`, one word for all
        sources or a dict of those per source id, is what becomes of items that come faster than
        they are processed: "block" lets the source wait, "drop_oldest" keeps the last 64, "latest"
        the last one. Leaving early ends the run: `async with aclosing(pipeline.stream(...))`.
        """
        from remotemedia._stream import Stream

        feed = Feed(input_data, sources, live)
        return Stream(self, feed, self._stream(feed, timeout_ms, on_progress))

    def stream_sync(
        self,
        input_data: Any = None,
        *,
        sources: dict[str, Any] | None = None,
        live: str | dict[str, str] = "block",
        timeout_ms: float | None = None,
        on_progress: Progress | None = None,
    ) -> Iterator[tuple[str, Any]]:
        """Do the same, blocking; needs threads."""
        if not THREADS:
            raise CapabilityError("there are no threads here: use `pipeline.stream(...)`")
        feed = self._blocking_feed(input_data, sources, live)
        with self._turns.blocking():
            control = self._control(feed, timeout_ms)
            yield from control.stream_sync(self._effects(feed, control, on_progress, gives=True))

    def preload(self) -> None:
        """Plan, and load what a run needs."""
        for segment in self.plan()["segments"]:
            if segment["runtime"] == "python":
                need(segment["requires"])

    def recycle(self) -> None:
        """Let go of the loaded Rust runtime; the next run makes a new one."""
        self._planned = None

    def plan(self) -> dict[str, Any]:
        """Return the plan: which segments there are and where they run; validates the manifest."""
        return self._plan().plan

    def get_metrics(self) -> dict[str, Any] | None:
        """Return what all runs so far measured; None unless metrics are enabled."""
        metrics = self._kept.metrics
        return None if metrics is None else metrics.report(self.plan()["name"])

    def get_trace(self) -> dict[str, Any] | None:
        """Return a Chrome trace of all runs so far; None unless traces are enabled."""
        return None if self._kept.trace is None else self._kept.trace.report()

    def _plan(self, on_progress: Progress | None = None) -> Planned:
        with self._planning:
            if self._planned is None:
                start = perf_counter()
                metrics, trace = self._kept.metrics, self._kept.trace
                self._planned = planned = make_plan(
                    self._manifest,
                    self._kept.registry,
                    self._hint,
                    metrics=metrics is not None,
                    trace=trace is not None,
                )
                rust = planned.rust
                if metrics is not None and rust is not None:
                    metrics.load_ms["wasm_ms"] = rust.load_ms
                if trace is not None:
                    trace.add("load and plan", "load", "loads", start, perf_counter() - start)
                if on_progress is not None and rust is not None:
                    on_progress({"phase": "load-wasm", "loaded": rust.size, "total": rust.size})
            return self._planned

    async def _stream(
        self, feed: Feed, timeout_ms: float | None, on_progress: Progress | None
    ) -> Batches:
        from remotemedia._stream import stream_inline

        async with self._turns.waiting():
            control = self._control(feed, timeout_ms, running_loop())
            effects = self._effects(feed, control, on_progress, gives=True)
            batches = control.stream(effects) if THREADS else stream_inline(effects, feed)
            try:
                async for batch in batches:
                    yield batch
            finally:
                await batches.aclose()

    def _blocking_feed(self, *given: Any) -> Feed:
        feed = Feed(*given)
        if feed.is_async and running_loop() is not None:
            message = "an event loop is running here: use `await pipeline.run(...)`"
            raise CapabilityError(message)
        return feed

    def _control(self, feed: Feed, timeout_ms: float | None, loop: Any = None) -> Any:
        if not THREADS:
            return Control(timeout_ms)
        from remotemedia._supervisor import Job

        return Job(feed, timeout_ms, loop, self._abandon)

    def _abandon(self, cause: RemoteMediaError) -> None:
        """Keep nothing that a thread may still use that was left alone."""
        if isinstance(cause, NodeTimeoutError):
            for segment in self.plan()["segments"]:
                self._kept.circuits.count(segment, cause.node_id)
        self.recycle()

    def _effects(
        self, feed: Feed, control: Control, on_progress: Progress | None, *, gives: bool = False
    ) -> Effects:
        execution = Execution(self._kept, feed, control, gives=gives)
        try:
            return (yield from execution.effects(lambda: self._plan(on_progress), on_progress))
        finally:
            if not control.abandoned:
                self.skipped = execution.skipped


def _identifier(name: str) -> str:
    """Return the name with what an id may contain; ids do not start with two underscores."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name).lstrip("_")


def _shaped(sinks: dict[str, list[Any]], feed: Feed, *, by_sink: bool) -> Any:
    if by_sink:
        return sinks
    shaped: dict[str, Any] = {
        name: values[0] if feed.is_one and len(values) == 1 else values
        for name, values in sinks.items()
    }
    return next(iter(shaped.values())) if len(shaped) == 1 else shaped
