"""`Pipeline`: what a Python program runs."""

from __future__ import annotations

import json
import warnings
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from remotemedia._circuits import Circuits
from remotemedia._compose import flow_of, manifest_parts, whole
from remotemedia._control import THREADS
from remotemedia._errors import CapabilityError, ManifestWarning
from remotemedia._execution import Kept, check_needs
from remotemedia._feed import Feed
from remotemedia._metrics import RunMetrics
from remotemedia._plans import Plans
from remotemedia._registry import Registry
from remotemedia._runs import Runs, blocking_feed
from remotemedia._schema import HINTS
from remotemedia._sources import read_json, read_yaml
from remotemedia._trace import Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from os import PathLike

    from remotemedia._compose import Flow
    from remotemedia._execution import Progress
    from remotemedia._node import Node
    from remotemedia._stream import Stream


class Pipeline:
    """A graph of nodes that can be run again and again; every run starts with fresh nodes.

    It runs once at a time: further calls, of threads and of tasks, wait in order. For runs in
    parallel make several pipelines.

    `Pipeline([MultiplyNode(factor=2), AddNode(addend=10)])` is a chain, `Pipeline(a >> [b, c])` a
    graph, and so are several parts in a list, `Pipeline([a >> z["left"], b >> z["right"]])`.
    `from_manifest`, `from_json`, `from_yaml` and `from_package` read one. `runtime_hint` ("auto",
    "rust", "python") is the runtime of nodes whose manifest entry says "auto". With
    `enable_metrics`, `get_metrics()` tells what was measured, with `enable_trace` `get_trace()`
    when.
    """

    def __init__(
        self,
        nodes: Node | Flow | Iterable[Node] | Iterable[Flow] = (),
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
        self._kept = Kept(
            Registry(node_types),
            Circuits(),
            RunMetrics() if enable_metrics else None,
            Trace() if enable_trace else None,
        )
        self._manifest: Any = (
            deepcopy(manifest)
            if manifest is not None
            else {
                "version": "v1",
                "metadata": {"name": name},
                "nodes": [],
                "connections": [],
            }
        )
        self._plans = Plans(self._manifest, self._kept, runtime_hint)
        self._runs = Runs(self._kept, self._plans)
        self._nodes: list[Node] = []
        """Nodes that are objects; a run makes fresh ones like them."""
        if manifest is None:
            self._add(whole(nodes))

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
    def from_package(
        cls,
        source: str | PathLike[str] | bytes,
        *,
        trust: bool = False,
        trusted_keys: Iterable[str] = (),
        require_signature: bool = False,
        grant_network: Iterable[str] = (),
        **options: Any,
    ) -> Pipeline:
        """Make a pipeline of a `.rmpkg` bundle: a path or its bytes; or of a folder of its sources.

        Python nodes that a bundle brings run with the user's rights: a run with them is a
        CapabilityError (`untrusted_code`) unless one of `trusted_keys`, public keys in base64, has
        signed it, or you say `trust=True`. Origins that it declares must be in `grant_network`, or
        that is "all" (`not_granted`). Validating and planning run no code of a bundle. A folder is
        taken as your own.
        """
        from remotemedia._opening import open_bundle

        manifest, bundle, notes = open_bundle(
            source,
            trust=trust,
            grant_network=grant_network,
            trusted_keys=trusted_keys,
            require_signature=require_signature,
        )
        for note in notes:
            warnings.warn(note, ManifestWarning, stacklevel=2)
        pipeline = cls(manifest=manifest, **options)
        pipeline._kept.registry.bundle = bundle
        return pipeline

    def add_node(self, node: Node) -> Pipeline:
        """Append a node to the chain; returns the pipeline. Raises ValueError if it is in it."""
        if any(node is each for each in self._nodes):
            message = f"{node!r} is in the pipeline already: make a second one"
            raise ValueError(message)
        last = self._manifest["nodes"][-1:]
        self._add(flow_of(node))
        for before in last:
            connection = {"from": before["id"], "to": self._manifest["nodes"][-1]["id"]}
            self._manifest["connections"] = [*self._manifest.get("connections", ()), connection]
        return self

    def _add(self, flow: Flow) -> None:
        """Add a part that nothing is connected to."""
        for node in flow.nodes:
            known = self._kept.registry.find(node.type_name) is type(node)
            if not known and type(node).runtime == "python":
                self._kept.registry.add(type(node))
        nodes = self._manifest["nodes"]
        more, connections = manifest_parts(flow, [node["id"] for node in nodes])
        nodes += more
        if connections:
            self._manifest["connections"] += connections
        self._nodes += flow.nodes
        self._plans.forget()

    def serialize(self) -> str:
        """Return the manifest as JSON, with the params of all nodes complete.

        Params are given as they are where nothing is known of the type here, or they are wrong.
        """
        from remotemedia._complete import completed

        manifest = completed(self._manifest, self._kept.registry)
        return json.dumps(manifest, indent=2, ensure_ascii=False)

    def _repr_svg_(self) -> str:
        """Show the graph in a notebook."""
        from remotemedia._drawing import svg_of

        return svg_of(self._manifest)

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x: auto">{self._repr_svg_()}</div>'

    def __repr__(self) -> str:
        """Return its name and how large it is."""
        from remotemedia._drawing import summary

        return f"<Pipeline {summary(self._manifest)}>"

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
        sinks = await self._runs.run(feed, timeout_ms, on_progress)
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
        feed = blocking_feed(input_data, sources)
        sinks = self._runs.run_sync(feed, timeout_ms, on_progress)
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
        return Stream(self, feed, self._runs.stream(feed, timeout_ms, on_progress))

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
        feed = blocking_feed(input_data, sources, live)
        yield from self._runs.stream_sync(feed, timeout_ms, on_progress)

    def preload(self) -> None:
        """Plan, and load what a run needs."""
        check_needs(self.plan(), self._kept.registry)

    def recycle(self) -> None:
        """Let go of the loaded Rust runtime; the next run makes a new one."""
        self._plans.forget()

    def plan(self) -> dict[str, Any]:
        """Return the plan: which segments there are and where they run; validates the manifest."""
        return self._plans.get().plan

    @property
    def skipped(self) -> dict[str, Any]:
        """What `on_error: "skip"` dropped in the last run: all counted, the first 100 kept."""
        return self._runs.skipped

    def get_metrics(self) -> dict[str, Any] | None:
        """Return what all runs so far measured; None unless metrics are enabled."""
        metrics = self._kept.metrics
        return None if metrics is None else metrics.report(self.plan()["name"])

    def get_trace(self) -> dict[str, Any] | None:
        """Return a Chrome trace of all runs so far; None unless traces are enabled."""
        return None if self._kept.trace is None else self._kept.trace.report()


def _shaped(sinks: dict[str, list[Any]], feed: Feed, *, by_sink: bool) -> Any:
    if by_sink:
        return sinks
    shaped: dict[str, Any] = {
        name: values[0] if feed.is_one and len(values) == 1 else values
        for name, values in sinks.items()
    }
    return next(iter(shaped.values())) if len(shaped) == 1 else shaped
