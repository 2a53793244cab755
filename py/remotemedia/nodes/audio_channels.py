"""AudioChannelsNode."""

from __future__ import annotations

from typing import Any

from remotemedia._node import Node
from remotemedia._param import Param
from remotemedia._values import Audio, read_only

_SURROUND = 6
_HALF_POWER = 0.5**0.5
_TO_STEREO = [
    [1.0, 0.0, _HALF_POWER, 0.0, _HALF_POWER, 0.0],
    [0.0, 1.0, _HALF_POWER, 0.0, 0.0, _HALF_POWER],
]
"""L R C LFE Ls Rs to L R: Recommendation ITU-R BS.775, without a gain against samples above 1."""


class AudioChannelsNode(Node, category="audio", requires=("numpy",)):
    """Mixes audio down or up to a number of channels."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("audio",)}

    channels: int = Param(1, doc="Number of channels of the output.", minimum=1, maximum=256)
    input_sample_rate: int | None = Param(
        None, doc="Rate of bare tensors and lists.", unit="Hz", minimum=1
    )

    def init(self) -> None:
        """Import what needs numpy."""
        from remotemedia.nodes import _audio_input

        self._input = _audio_input

    def process(self, item: Any) -> Audio:
        """Return audio with as many channels as wanted."""
        audio = self._input.as_audio(item, self.input_sample_rate)
        self._input.check_finite(audio)
        if audio.channels == self.channels:
            return audio
        samples = _mix(audio.samples, _matrix(audio.channels, self.channels))
        return Audio.of_checked(read_only(samples), audio.sample_rate, audio.timestamp)


def _matrix(inputs: int, outputs: int) -> list[list[float]]:
    """Return how much of each input goes into each output."""
    if inputs == _SURROUND and outputs == len(_TO_STEREO):
        return _TO_STEREO
    if inputs == _SURROUND and outputs == 1:
        left, right = _TO_STEREO
        return [[(a + b) / 2 for a, b in zip(left, right, strict=True)]]
    if inputs < outputs:
        return [[float(n == m % inputs) for n in range(inputs)] for m in range(outputs)]
    shares = [len(range(m, inputs, outputs)) for m in range(outputs)]
    return [
        [1 / shares[m] if n % outputs == m else 0.0 for n in range(inputs)] for m in range(outputs)
    ]


def _mix(samples: Any, matrix: list[list[float]]) -> Any:
    """Sum in float32, in the order of the inputs: to the bit what the Rust node gives."""
    import numpy as np

    mixed = np.zeros((len(matrix), samples.shape[1]), np.float32)
    for output, factors in enumerate(matrix):
        parts = [
            np.float32(factor) * channel
            for channel, factor in zip(samples, factors, strict=True)
            if factor
        ]
        mixed[output] = parts[0]  # not zero plus it, which would lose -0.0
        for part in parts[1:]:
            mixed[output] += part
    return mixed
