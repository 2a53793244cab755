"""The plan of a pipeline, kept from run to run."""

from __future__ import annotations

from threading import RLock
from time import perf_counter
from typing import TYPE_CHECKING, Any

from remotemedia._errors import ManifestError, NodeTimeoutError
from remotemedia._planning import make_plan

if TYPE_CHECKING:
    from remotemedia._errors import RemoteMediaError
    from remotemedia._execution import Kept, Progress
    from remotemedia._planning import Planned

OWN_TYPES = (
    "node classes of your own are given with the manifest: "
    "Pipeline.from_manifest(manifest, node_types=[MyNode])"
)


class Plans:
    """Plans a manifest when that is first needed, and anew after `forget`; threads may share it.

    Whoever changes the manifest calls `forget`.
    """

    def __init__(self, manifest: Any, kept: Kept, hint: str) -> None:
        self._manifest = manifest
        self._kept = kept
        self._hint = hint
        self._planned: Planned | None = None
        self._planning = RLock()

    def get(self, on_progress: Progress | None = None) -> Planned:
        """Return the plan; raises ManifestError. A runtime that is loaded for it is progress."""
        with self._planning:
            known = self._planned
            planned = self._planned = known or self._make()
        rust = planned.rust
        if on_progress is not None and rust is not None and known is None:
            on_progress({"phase": "load-wasm", "loaded": rust.size, "total": rust.size})
        return planned

    def forget(self) -> None:
        """Let go of the plan, and with it of the loaded Rust runtime."""
        self._planned = None

    def abandon(self, cause: RemoteMediaError) -> None:
        """Keep nothing that a thread may still use that was left alone."""
        planned = self._planned  # without the lock, which that thread may hold
        if planned is not None and isinstance(cause, NodeTimeoutError):
            for segment in planned.plan["segments"]:
                self._kept.circuits.count(segment, cause.node_id)
        self.forget()

    def _make(self) -> Planned:
        try:
            return self._make_anew()
        except ManifestError as error:
            if any(issue.code == "unknown_type" for issue in error.issues):
                error.add_note(OWN_TYPES)
            raise

    def _make_anew(self) -> Planned:
        start = perf_counter()
        metrics, trace = self._kept.metrics, self._kept.trace
        planned = make_plan(
            self._manifest,
            self._kept.registry,
            self._hint,
            metrics=metrics is not None,
            trace=trace is not None,
        )
        if metrics is not None and planned.rust is not None:
            metrics.load_ms["wasm_ms"] = planned.rust.load_ms
        if trace is not None:
            trace.add("load and plan", "load", "loads", start, perf_counter() - start)
        return planned
