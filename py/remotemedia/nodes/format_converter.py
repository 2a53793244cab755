"""FormatConverterNode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from remotemedia._errors import NodeError
from remotemedia._node import Node
from remotemedia._param import Param

if TYPE_CHECKING:
    from remotemedia._values import Audio

_INTEGERS = {"i16": ("<i2", 2.0**15), "i32": ("<i4", 2.0**31)}


class FormatConverterNode(Node, category="audio", requires=("numpy",)):
    """Turns audio into tensors of integer PCM, and back."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("audio", "tensor")}

    target_format: Literal["f32", "i16", "i32"] = Param(
        "f32", doc="f32 gives audio, i16 and i32 give tensors, channels x frames."
    )
    input_sample_rate: int | None = Param(
        None, doc="Rate of bare tensors and lists; needed for f32 only.", unit="Hz", minimum=1
    )

    def init(self) -> None:
        """Import what needs numpy."""
        from remotemedia.nodes import _audio_input

        self._input = _audio_input
        # A tensor has no rate, so any will do.
        self._rate = self.input_sample_rate or (None if self.target_format == "f32" else 1)

    def process(self, item: Any) -> Any:
        """Return audio, or a `(channels, frames)` array of int16 or int32."""
        audio = self._input.as_audio(item, self._rate)
        _check_numbers(audio)
        if self.target_format == "f32":
            return audio
        exact = _exact(item)
        if exact is None:
            return _integers(audio.samples, self.target_format)
        exact = exact.reshape(audio.samples.shape)
        if self.target_format == "i32":
            return exact
        return _integers(exact / 2.0**31, self.target_format)


def _check_numbers(audio: Audio) -> None:
    import numpy as np

    bad = np.isnan(audio.samples)
    if bad.any():
        channel, frame = np.unravel_index(np.argmax(bad), bad.shape)
        message = f"channel {channel}, frame {frame} is not a number"
        raise NodeError(message)


def _exact(item: Any) -> Any:
    """Return the array that an item is or holds, if its integers have more bits than float32."""
    inner = item["audio"] if isinstance(item, dict) and "audio" in item else item
    samples = inner[0] if isinstance(inner, list) and inner else inner
    return samples if getattr(samples, "dtype", None) == "int32" else None


def _integers(samples: Any, name: str) -> Any:
    """Return samples scaled, rounded half to even and limited; exact in f64."""
    import numpy as np

    dtype, scale = _INTEGERS[name]
    rounded = np.rint(samples.astype(np.float64) * scale)
    return np.clip(rounded, -scale, scale - 1).astype(dtype)
