"""VADNode."""

from __future__ import annotations

import math
from typing import Any

from remotemedia._node import Node
from remotemedia._param import Param


class VADNode(Node, category="audio", requires=("numpy",), stateful=True):
    """Tells speech from silence by the energy of frames."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("map",)}

    frame_duration_ms: float = Param(30.0, doc="Length of a frame.", unit="ms", above=0)
    energy_threshold: float = Param(
        0.02, doc="RMS, full scale 1, above which a frame is speech.", minimum=0
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
        self._linger = math.ceil(self.hang_over_ms / self.frame_duration_ms)
        self._restart()

    def _restart(self) -> None:
        self._clock = self._input.Clock()
        self._rest: Any = None
        self._frames = 0
        self._left = 0

    def process(self, item: Any) -> dict[str, Any]:
        """Return `{"audio", "is_speech", "flags", "frame_s", "start_s"}`."""
        audio = self._input.as_audio(item, self.input_sample_rate)
        if self._clock.breaks(audio):
            self._restart()
        self._clock.follow(audio)
        rate = audio.sample_rate
        length = max(1, math.floor(rate * self.frame_duration_ms / 1000 + 0.5))
        start = (self._clock.origin or 0.0) + self._frames * length / rate
        flags = self._judge(audio.samples, length)
        self._frames += len(flags)
        return {
            "audio": audio,
            "is_speech": bool(flags.any()),
            "flags": flags,
            "frame_s": length / rate,
            "start_s": start,
        }

    def _judge(self, samples: Any, length: int) -> Any:
        """Return one flag for each frame that the samples complete."""
        import numpy as np

        mono = samples.mean(axis=0, dtype=np.float64)
        if self._rest is not None:
            mono = np.concatenate([self._rest, mono])
        whole = mono.size // length * length
        self._rest = mono[whole:]
        frames = mono[:whole].reshape(-1, length)
        flags = np.sqrt((frames * frames).mean(axis=1)) > self.energy_threshold
        for i, loud in enumerate(flags.tolist()):
            if loud:
                self._left = self._linger
            elif self._left:
                self._left -= 1
                flags[i] = True
        return flags
