"""VADNode."""

from __future__ import annotations

import math
from typing import Any

from remotemedia._errors import NodeError
from remotemedia._node import Node
from remotemedia._param import Param

_LONGEST = 2**32 - 1  # a frame that never ends, on any machine


class VADNode(Node, category="audio", requires=("numpy",), stateful=True):
    """Tells speech from silence by the energy of frames."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("map",)}

    frame_duration_ms: float = Param(30.0, doc="Length of a frame.", unit="ms", above=0)
    energy_threshold: float = Param(
        0.02, doc="RMS, full scale 1, above which a frame is speech.", minimum=0
    )
    release_threshold: float | None = Param(
        None,
        doc="RMS above which speech lasts once it has begun; energy_threshold if absent.",
        minimum=0,
    )
    hang_over_ms: float = Param(
        0.0, doc="How long speech goes on after its last loud frame.", unit="ms", minimum=0
    )
    input_sample_rate: int | None = Param(
        None, doc="Rate of bare tensors and lists.", unit="Hz", minimum=1
    )

    def init(self) -> None:
        """Import what needs numpy."""
        from remotemedia.nodes import _audio_input

        self._input = _audio_input
        begin, last = self.energy_threshold, self.release_threshold
        if last is not None and last > begin:
            message = f"release_threshold {last} is greater than energy_threshold {begin}"
            raise NodeError(message)
        self._release = begin if last is None else last
        linger = self.hang_over_ms / self.frame_duration_ms
        self._linger = math.ceil(min(linger, _LONGEST))
        self._restart()

    def _restart(self) -> None:
        self._clock = self._input.Clock()
        self._rest: Any = None
        self._frames = 0
        self._active = False
        self._since = _LONGEST + 1  # frames since the last active one

    def process(self, item: Any) -> dict[str, Any]:
        """Return `{"audio", "is_speech", "flags", "frame_s", "start_s"}`."""
        audio = self._input.as_audio(item, self.input_sample_rate)
        self._input.check_finite(audio)
        if self._clock.breaks(audio):
            self._restart()
        self._clock.follow(audio)
        rate = audio.sample_rate
        length = rate * self.frame_duration_ms / 1000 + 0.5
        length = max(1, math.floor(min(length, _LONGEST)))
        start = (self._clock.origin or 0.0) + self._frames * length / rate
        flags = self._speech(self._levels(audio.samples, length))
        self._frames += len(flags)
        return {
            "audio": audio,
            "is_speech": bool(flags.any()),
            "flags": flags,
            "frame_s": length / rate,
            "start_s": start,
        }

    def _levels(self, samples: Any, length: int) -> Any:
        """Return the RMS of each frame that the samples complete."""
        import numpy as np

        mono = samples.mean(axis=0, dtype=np.float64)
        if self._rest is not None:
            mono = np.concatenate([self._rest, mono])
        whole = mono.size // length * length
        self._rest = mono[whole:].copy()
        frames = mono[:whole].reshape(-1, length)
        return np.sqrt(np.einsum("ij,ij->i", frames, frames) / length)

    def _speech(self, levels: Any) -> Any:
        """Return which frames are speech: the two thresholds, then what hangs over."""
        import numpy as np

        if not levels.size:
            return np.zeros(0, bool)
        at = np.arange(levels.size, dtype=np.int64)  # by default it has 32 bits in Pyodide
        begins = levels > self.energy_threshold
        # A frame between the thresholds goes on with what the last one outside them said.
        decides = begins | ~(levels > self._release)
        last = np.maximum.accumulate(np.where(decides, at, -1))
        active = np.where(last < 0, self._active, begins[last])
        before = -1 - self._since
        since = at - np.maximum.accumulate(np.where(active, at, before))
        self._active, self._since = bool(active[-1]), int(min(since[-1], _LONGEST + 1))
        return since <= self._linger
