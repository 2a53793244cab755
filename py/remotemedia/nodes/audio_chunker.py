"""AudioChunkerNode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remotemedia._errors import NodeError
from remotemedia._node import Node
from remotemedia._param import Param
from remotemedia._values import Audio, read_only

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_FRAMES = 2**24
_MOST_SAMPLES = 2**27


class AudioChunkerNode(Node, category="audio", requires=("numpy",), stateful=True):
    """Cuts a stream of audio into chunks of the same length."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("audio",)}

    chunk_size: int = Param(
        512, doc="Length of a chunk.", unit="frames", minimum=1, maximum=_MOST_FRAMES
    )
    hop: int | None = Param(
        None,
        doc="From the start of one chunk to the start of the next; chunk_size if absent.",
        unit="frames",
        minimum=1,
        maximum=_MOST_FRAMES,
    )
    pad: bool = Param(
        default=True,
        doc="Whether the last chunk is filled up with zeros; else the rest is dropped.",
    )
    input_sample_rate: int | None = Param(
        None, doc="Rate of bare tensors and lists.", unit="Hz", minimum=1
    )

    def init(self) -> None:
        """Import what needs numpy."""
        from remotemedia.nodes import _audio_input

        self._input = _audio_input
        self._hop = self.hop or self.chunk_size
        self._held: Any = None
        self._rate = 0

    def process(self, item: Any) -> Iterator[Audio]:
        """Yield the chunks that the item completes; first the rest of a stream that ended."""
        audio = self._input.as_audio(item, self.input_sample_rate)
        self._input.check_finite(audio)
        goes_on = (
            self._held is not None
            and len(self._held) == audio.channels
            and not self._clock.breaks(audio)
        )
        before = self._held.shape[1] - self._skip if goes_on else 0
        count = self._count(before + audio.frames, audio.channels)
        if not goes_on:
            yield from self.flush()
            self._begin(audio)
        yield from self._take(audio, count)

    def flush(self) -> Iterator[Audio]:
        """Yield the last chunk, filled up, if there are frames that no chunk has."""
        import numpy as np

        held, self._held = self._held, None
        if held is None or not self.pad:
            return
        known = max(0, self.chunk_size - self._hop) if self._given else 0
        if held.shape[1] > known:
            missing = self.chunk_size - held.shape[1]
            yield self._chunk(np.pad(held, ((0, 0), (0, missing))))

    def _count(self, frames: int, channels: int) -> int:
        """Return how many chunks these frames complete."""
        after = frames - self.chunk_size
        count = after // self._hop + 1 if after >= 0 else 0
        samples = max(1, count) * self.chunk_size * channels
        if samples > _MOST_SAMPLES:
            message = f"{samples} samples in the chunks of one item are more than {_MOST_SAMPLES}"
            raise NodeError(message)
        return count

    def _begin(self, audio: Audio) -> None:
        self._clock = self._input.Clock()
        self._rate = audio.sample_rate
        self._held = audio.samples[:, :0]
        """What the next chunk begins with."""
        self._skip = 0
        """Frames to be dropped before the next chunk begins; none while frames are held."""
        self._given = 0

    def _take(self, audio: Audio, count: int) -> Iterator[Audio]:
        import numpy as np

        self._clock.follow(audio)
        samples = np.concatenate([self._held, audio.samples], axis=1)
        for start in range(self._skip, self._skip + count * self._hop, self._hop):
            yield self._chunk(samples[:, start : start + self.chunk_size].copy())
        following = self._skip + count * self._hop
        self._skip = max(0, following - samples.shape[1])
        self._held = samples[:, following:].copy()

    def _chunk(self, samples: Any) -> Audio:
        origin = self._clock.origin
        time = None if origin is None else origin + self._given * self._hop / self._rate
        self._given += 1
        return Audio.of_checked(read_only(samples), self._rate, time)
