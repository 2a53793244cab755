"""What audio nodes take as audio (docs/nodes.md, "Audio input"), and where streams of it break."""

from __future__ import annotations

from typing import Any

import numpy as np

from remotemedia._errors import NodeError
from remotemedia._values import Audio

_FULL_SCALE = {"i2": 2.0**15, "i4": 2.0**31}
_FORMATS = {"F32": None, "I16": 2.0**15, "I32": 2.0**31}
_PAIR = 2


def as_audio(item: Any, input_sample_rate: int | None = None) -> Audio:
    """Return the audio in an item; raises NodeError if there is none."""
    if isinstance(item, dict) and "audio" in item:
        item = item["audio"]
    elif isinstance(item, dict):
        return _from_object(item)
    if isinstance(item, Audio):
        return item
    if _is_pair(item):
        return _audio(_samples(item[0]), item[1])
    if isinstance(item, (list, np.ndarray)):
        if input_sample_rate is None:
            raise NodeError("a bare array needs the param input_sample_rate")
        return _audio(_samples(item), input_sample_rate)
    message = f"needs audio, not {type(item).__name__}"
    raise NodeError(message)


def _is_pair(item: Any) -> bool:
    return (
        isinstance(item, list)
        and len(item) == _PAIR
        and isinstance(item[0], (list, np.ndarray))
        and isinstance(item[1], (int, float))
    )


def _from_object(item: dict[str, Any]) -> Audio:
    """Read the earlier system's object: interleaved numbers."""
    name, channels = item.get("format", "F32"), item.get("channels", 1)
    if name not in _FORMATS:
        message = f"unknown format {name!r}; possible: {', '.join(_FORMATS)}"
        raise NodeError(message)
    if "data" not in item or "sample_rate" not in item:
        raise NodeError("a map is audio if it has audio, or data and sample_rate")
    whole = type(channels) in (int, float) and 1 <= channels < 2**32 and channels == int(channels)
    if not whole:
        message = f"channels must be a whole number from 1 on, not {channels!r}"
        raise NodeError(message)
    channels = int(channels)
    data = item["data"]
    samples = _samples(data, _FORMATS[name])
    if samples.ndim == _PAIR and len(samples) == 1 and not isinstance(data, list):
        samples = samples[0]
    if samples.ndim != 1 or samples.size % channels:
        message = (
            f"data has the shape {samples.shape}, which is not {channels} interleaved channels"
        )
        raise NodeError(message)
    return _audio(samples.reshape(-1, channels).T, item["sample_rate"])


def _samples(data: Any, full_scale: float | None = None) -> Any:
    """Return float32 samples; integer dtypes, and lists by their format, scaled to [-1, 1)."""
    if isinstance(data, list):
        _check_numbers(data)
        try:
            array = np.array(data, dtype=np.float64)
        except ValueError as error:
            message = f"samples must be numbers, in rows of equal length: {error}"
            raise NodeError(message) from None
    elif isinstance(data, np.ndarray) and (
        data.dtype.kind == "f" or data.dtype.str[1:] in _FULL_SCALE
    ):
        array = data
        full_scale = _FULL_SCALE.get(data.dtype.str[1:])
    else:
        message = f"samples of {getattr(data, 'dtype', type(data).__name__)} are not understood"
        raise NodeError(message)
    return (array / full_scale if full_scale else array).astype(np.float32)


def _check_numbers(data: list[Any]) -> None:
    for element in data:
        if isinstance(element, list):
            _check_numbers(element)
        elif not isinstance(element, (int, float)) or isinstance(element, bool):
            message = f"samples must be numbers, not {type(element).__name__}"
            raise NodeError(message)


def _audio(samples: Any, rate: Any) -> Audio:
    try:
        return Audio(samples, rate)
    except (TypeError, ValueError, OverflowError) as error:
        raise NodeError(str(error)) from None


class Clock:
    """Follows a stream of audio items: where in time it is, and where it breaks.

    An item breaks the stream if its rate is another, or if its timestamp is more than half a sample
    away from where the item before ended.
    """

    def __init__(self) -> None:
        self.origin: float | None = None
        """Time of the stream's first frame in seconds, if known."""
        self.frames = 0
        """Frames of the stream so far."""
        self._rate: int | None = None

    def breaks(self, audio: Audio) -> bool:
        """Tell whether the item does not follow on."""
        if self._rate != audio.sample_rate:
            return self._rate is not None
        if self.origin is None or audio.timestamp is None:
            return False
        expected = self.origin + self.frames / audio.sample_rate
        return abs(audio.timestamp - expected) * audio.sample_rate > 0.5  # noqa: PLR2004

    def follow(self, audio: Audio) -> None:
        """Count an item that follows on; the first timestamp dates the whole stream."""
        self._rate = audio.sample_rate
        if self.origin is None and audio.timestamp is not None:
            self.origin = audio.timestamp - self.frames / audio.sample_rate
        self.frames += audio.frames
