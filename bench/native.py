"""Measures native Python: reads the name of a measurement per line, answers with a line of JSON.

audio    milliseconds of 60 s of audio at 48 kHz through resample → VAD, under wasmtime
batches  microseconds per batch, from values to values, and of the bare wasmtime call, in pairs
imports  milliseconds of `python -c "import …"`, in pairs with `import json`
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from remotemedia import Audio, Pipeline
from remotemedia._batches import decode_batches, encode_batch
from remotemedia._effects import Batch
from remotemedia._planning import load_rust

if TYPE_CHECKING:
    from collections.abc import Callable

CHAINS: dict[str, list[dict[str, Any]]] = {
    "audio": [
        {"id": "to16k", "node_type": "AudioResampleNode", "params": {"target_sample_rate": 16000}},
        {"id": "vad", "node_type": "VADNode"},
    ],
    "numbers": [
        {"id": "multiply", "node_type": "MultiplyNode"},
        {"id": "add", "node_type": "AddNode"},
    ],
}


def manifest(name: str) -> dict[str, Any]:
    """Return a chain of two Rust nodes."""
    nodes = [{**node, "runtime_hint": "rust"} for node in CHAINS[name]]
    ends = {"from": nodes[0]["id"], "to": nodes[1]["id"]}
    return {"version": "v1", "nodes": nodes, "connections": [ends]}


def sine(frames: int) -> Audio:
    """Return a tone at 48 kHz, the same as the browser's."""
    phase = np.arange(frames, dtype=np.float64) / 17
    return Audio((0.3 * np.sin(phase)).astype(np.float32)[None], 48000)


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds that it takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def audio() -> list[float]:
    """Measure the whole call, page to page as it were."""
    pipeline, item = Pipeline.from_manifest(manifest("audio")), sine(60 * 48000)
    times = [timed(lambda: pipeline.run_sync([item])) for _ in range(12)]
    return [1e3 * time for time in times[3:]]


def batches() -> dict[str, list[list[float]]]:
    """Measure batches of several kinds against the bare call of the same export."""
    tone = sine(48000)
    chunk = Audio(tone.samples[:, :960], 48000)
    return {
        "1 number": batch("numbers", [5]),
        "256 numbers": batch("numbers", list(range(256))),
        "20 ms of audio": batch("audio", [chunk]),
        "1 s of audio": batch("audio", [tone]),
    }


def batch(name: str, values: list[Any]) -> list[list[float]]:
    """Measure one kind of batch: pairs of microseconds."""
    runtime = load_rust()
    request = {"manifest": manifest(name), "catalogs": {}, "runtime_hint": "auto", "metrics": False}
    plan = runtime.plan(json.dumps(request))["plan"]
    segment = runtime.open(plan["segments"][0])
    given = Batch(0, 0, list(range(len(values))), values)

    def ours() -> None:
        try:
            next(segment.run([given], (math.inf, 0)))
        except StopIteration as done:
            for packet in done.value.outputs:
                decode_batches(packet.header, packet.buffers)

    def bare() -> float:
        length = segment._write([encode_batch(given)])
        arguments = (segment._handle, length, math.inf, 0)
        return timed(lambda: runtime._exports["rm_segment_run"](runtime._store, *arguments))

    pairs = [[1e6 * timed(ours), 1e6 * bare()] for _ in range(300)]
    segment.close()
    return pairs[50:]


def imports() -> list[list[float]]:
    """Measure fresh processes: `import remotemedia`, `import json`."""

    def process(code: str) -> float:
        return 1e3 * timed(lambda: subprocess.run([sys.executable, "-c", code], check=True))

    pairs = [[process("import remotemedia"), process("import json")] for _ in range(21)]
    return pairs[1:]


MEASUREMENTS: dict[str, Callable[[], Any]] = {
    "audio": audio,
    "batches": batches,
    "imports": imports,
}

if __name__ == "__main__":
    for line in sys.stdin:
        name = line.strip()
        result = MEASUREMENTS[name]()
        if name == "audio":
            result = statistics.median(result)
        print(json.dumps(result), flush=True)
