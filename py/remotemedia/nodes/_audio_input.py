"""What audio nodes take as audio (docs/nodes.md, "Audio input"), and where streams of it break."""

from __future__ import annotations

from typing import Any

import numpy as np

from remotemedia._errors import NodeError
from remotemedia._values import MAX_CHANNELS, MAX_RATE, Audio

_FULL_SCALE = {"i2": 2.0**15, "i4": 2.0**31}
_FORMATS = {"F32": None, "I16": 2.0**15, "I32": 2.0**31}
_PAIR = 2


def as_audio(item: Any, input_sample_rate: int | None = None) -> Audio:
    """Return the audio in an item; raises NodeError, with the path in the item, if it is none."""
    path = "$"
    if isinstance(item, dict):
        if "audio" not in item:
            return _from_object(item)
        item, path = item["audio"], "$.audio"
    if isinstance(item, Audio):
        return item
    if _is_pair(item):
        rate = _whole(item[1], f"{path}[1]")
        return Audio(_planar(item[0], f"{path}[0]"), rate)
    if isinstance(item, (list, np.ndarray)):
        if input_sample_rate is None:
            raise NodeError("a bare array needs the param input_sample_rate")
        return Audio(_planar(item, path), input_sample_rate)
    message = f"needs audio, not {type(item).__name__}"
    raise NodeError(message, path=path)


def _is_pair(item: Any) -> bool:
    return (
        isinstance(item, list)
        and len(item) == _PAIR
        and isinstance(item[0], (list, np.ndarray))
        and type(item[1]) in (int, float)
    )


def _from_object(item: dict[str, Any]) -> Audio:
    """Read the earlier system's object: interleaved numbers."""
    if "data" not in item or "sample_rate" not in item:
        raise NodeError("a map is audio if it has audio, or data and sample_rate")
    rate = _whole(item["sample_rate"], "$.sample_rate")
    channels = _whole(item.get("channels", 1), "$.channels", MAX_CHANNELS)
    name, data = item.get("format", "F32"), item["data"]
    if not isinstance(name, str) or name not in _FORMATS:
        message = f"unknown format {name!r}; possible: {', '.join(_FORMATS)}"
        raise NodeError(message, path="$.format")
    if isinstance(data, list):
        samples = _numbers(data, "$.data", _FORMATS[name])
    else:
        samples = _tensor(data, "$.data")
        samples = samples[0] if len(samples) == 1 and samples.ndim == _PAIR else samples
    if samples.ndim != 1 or samples.size % channels:
        message = f"{samples.shape} samples are not {channels} interleaved channels"
        raise NodeError(message, path="$.data")
    return Audio(samples.reshape(-1, channels).T, rate)


def _whole(value: Any, path: str, most: int = MAX_RATE) -> int:
    if type(value) in (int, float) and 1 <= value <= most and value == int(value):
        return int(value)
    message = f"must be a whole number from 1 to {most}, not {value!r:.40}"
    raise NodeError(message, path=path)


def _planar(data: Any, path: str) -> Any:
    """Return float32 samples of one channel, or channels × frames."""
    if not isinstance(data, list):
        samples = _tensor(data, path)
    elif data and isinstance(data[0], list):
        samples = np.array([_row(data, i, f"{path}[{i}]") for i in range(len(data))])
    else:
        samples = _numbers(data, path)
    if samples.ndim == _PAIR and not 1 <= len(samples) <= MAX_CHANNELS:
        message = f"audio has 1 to {MAX_CHANNELS} channels, not {len(samples)}"
        raise NodeError(message)
    return samples


def _row(rows: list[Any], at: int, path: str) -> Any:
    if not isinstance(rows[at], list) or len(rows[at]) != len(rows[0]):
        raise NodeError("channels must be lists of equal length", path=path)
    return _numbers(rows[at], path)


def _numbers(data: list[Any], path: str, full_scale: float | None = None) -> Any:
    for at, number in enumerate(data):
        if type(number) is not float and type(number) is not int:
            message = f"samples must be numbers, not {type(number).__name__}"
            raise NodeError(message, path=f"{path}[{at}]")
    array = np.array(data, dtype=np.float64)
    return _float32(array / full_scale if full_scale else array)


def _tensor(data: Any, path: str) -> Any:
    """Return the samples of a tensor of one or two dimensions, integer PCM scaled to [-1, 1)."""
    code = data.dtype.str[1:] if isinstance(data, np.ndarray) else None
    if code not in ("f4", "f8", *_FULL_SCALE) or not 1 <= data.ndim <= _PAIR:
        what = type(data).__name__ if code is None else f"{data.ndim}-d {data.dtype}"
        message = f"samples must be numbers, channels × numbers, or i16 or i32 PCM, not {what}"
        raise NodeError(message, path=path)
    return _float32(data / _FULL_SCALE[code] if code in _FULL_SCALE else data)


def _float32(array: Any) -> Any:
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def check_finite(audio: Audio) -> None:
    """Raise NodeError if a sample is NaN or infinite."""
    bad = ~np.isfinite(audio.samples)
    if bad.any():
        channel, frame = np.unravel_index(np.argmax(bad), bad.shape)
        message = f"channel {channel}, frame {frame} is not a finite sample"
        raise NodeError(message)


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
