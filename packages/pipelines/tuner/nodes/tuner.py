"""TunerNode."""

from __future__ import annotations

import json
import math
from typing import Any

from remotemedia import Audio, Node, NodeError, Param


class TunerNode(Node, category="audio", requires=("numpy",)):
    """Tells which string of an instrument sounds, and how many cents it is too high or too low."""

    inputs = {"in": ("audio",)}
    outputs = {"out": ("map",)}

    instrument: str = Param("guitar", doc="One of those in assets/strings.json.")
    threshold: float = Param(
        0.01, doc="Chunks with a lower RMS are silence, which gives nothing.", minimum=0
    )

    def init(self) -> None:
        """Read the strings of the instrument."""
        known = json.loads(self.bundle_file("assets/strings.json").read_text(encoding="utf-8"))
        if self.instrument not in known:
            message = f"there is no instrument {self.instrument!r}, only {', '.join(known)}"
            raise NodeError(message)
        self.strings = known[self.instrument]

    def process(self, audio: Audio) -> dict[str, Any] | None:
        """Give string, frequency and deviation of one chunk."""
        import numpy as np

        from ._pitch import pitch

        samples = audio.samples[0]
        if np.sqrt(np.mean(samples.astype(np.float64) ** 2)) < self.threshold:
            return None
        # Half an octave below the lowest string.
        lowest = min(self.strings.values()) / math.sqrt(2)
        frequency = pitch(samples, audio.sample_rate, lowest)
        if frequency is None:
            return None
        cents = {name: 1200 * math.log2(frequency / hz) for name, hz in self.strings.items()}
        string = min(cents, key=lambda name: abs(cents[name]))
        return {
            "string": string,
            "frequency_hz": round(float(frequency), 2),
            "cents": round(float(cents[string]), 1),
        }
