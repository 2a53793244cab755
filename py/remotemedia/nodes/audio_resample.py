"""AudioResampleNode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from remotemedia._errors import NodeError
from remotemedia._node import Node
from remotemedia._param import Param
from remotemedia._values import Audio, read_only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remotemedia.nodes._resampler import Stream

MIN_RATE, MAX_RATE = 1_000, 768_000


class AudioResampleNode(Node, category="audio", requires=("numpy",), stateful=True):
    """Changes the sample rate of audio; zero net delay."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("audio",)}

    target_sample_rate: int = Param(
        16000, doc="Rate of the output.", unit="Hz", minimum=MIN_RATE, maximum=MAX_RATE
    )
    quality: Literal["low", "medium", "high"] = Param("high", doc="How steep the filter is.")
    input_sample_rate: int | None = Param(
        None, doc="Rate of bare tensors and lists.", unit="Hz", minimum=1
    )

    def init(self) -> None:
        """Import what needs numpy."""
        from remotemedia.nodes import _audio_input, _resampler

        self._input, self._resampler = _audio_input, _resampler
        self._stream: Stream | None = None
        self._channels: int | None = None
        self._clock = _audio_input.Clock()

    def process(self, item: Any) -> Iterator[Audio]:
        """Yield what the item completes; first the rest of the stream before, if that ended."""
        audio = self._input.as_audio(item, self.input_sample_rate)
        self._check(audio)
        if self._clock.breaks(audio) or self._channels not in (None, audio.channels):
            yield from self._rest()
            self._stream, self._clock = None, self._input.Clock()
        self._channels = audio.channels
        self._clock.follow(audio)
        if audio.sample_rate == self.target_sample_rate:
            yield audio
            return
        if self._stream is None:
            pass_band = self._resampler.PASS_BANDS[self.quality]
            design = self._resampler.Filter(audio.sample_rate, self.target_sample_rate, pass_band)
            self._stream = self._resampler.Stream(design, audio.channels)
        yield from self._audio(self._stream.given, self._stream.process(audio.samples))

    def flush(self) -> Iterator[Audio]:
        """Yield the tail."""
        return self._rest()

    def _rest(self) -> Iterator[Audio]:
        if self._stream is not None:
            yield from self._audio(self._stream.given, self._stream.flush())

    def _audio(self, first: int, samples: Any) -> Iterator[Audio]:
        if samples.shape[1]:
            origin = self._clock.origin
            time = None if origin is None else origin + first / self.target_sample_rate
            yield Audio.of_checked(read_only(samples), self.target_sample_rate, time)

    def _check(self, audio: Audio) -> None:
        import numpy as np

        if not MIN_RATE <= audio.sample_rate <= MAX_RATE:
            message = f"{audio.sample_rate} Hz is not from {MIN_RATE} to {MAX_RATE} Hz"
            raise NodeError(message)
        if not np.isfinite(audio.samples).all():
            raise NodeError("a sample is NaN or infinite")
