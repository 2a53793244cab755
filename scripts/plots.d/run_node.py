"""Runs one node in the built runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from remotemedia import Audio, Pipeline

Samples = NDArray[np.float32]


def run_node(kind: str, params: dict[str, Any], items: list[Any]) -> list[Any]:
    """Return the outputs of a built-in node, run in Rust, for these items."""
    node = {"id": "node", "node_type": kind, "params": params}
    pipeline = Pipeline.from_manifest({"version": "v1", "nodes": [node]}, runtime_hint="rust")
    outputs: list[Any] = pipeline.run_sync(items, by_sink=True)["node"]
    return outputs


def filtered(kind: str, params: dict[str, Any], samples: Samples, rate: int) -> Samples:
    """Return what a node makes of one channel, joined."""
    outputs = run_node(kind, params, [Audio(samples[np.newaxis], rate, 0.0)])
    return np.concatenate([output.samples[0] for output in outputs])
