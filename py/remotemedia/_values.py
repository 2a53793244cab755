"""The values that travel through a pipeline.

None, bool, int (64 bits), float, str, list, dict with str keys, bytes, numpy.ndarray of the dtypes
in `DTYPES`, and `Audio`. numpy is imported only when an array is at hand.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from remotemedia._errors import CapabilityError
from remotemedia._paths import child

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DTYPES = {
    "u8": "|u1", "i8": "|i1", "u16": "<u2", "i16": "<i2", "u32": "<u4", "i32": "<i4",
    "i64": "<i8", "f32": "<f4", "f64": "<f8", "bool": "|b1",
}  # fmt: skip
"""Names of element types on the wire → numpy's."""

SIZES = {name: int(code[-1]) for name, code in DTYPES.items()}
"""Bytes of one element."""

MAX_DEPTH = 128
"""Lists and maps inside each other."""

MAX_SAFE = 2**53 - 1
"""The largest integer that every language keeps as a plain JSON number."""

MIN_I64, MAX_I64 = -(2**63), 2**63 - 1

MAX_CHANNELS, MAX_RATE = 65536, 2**32 - 1

_KEPT = frozenset({type(None), bool, float})

_NAMES = {code: name for name, code in DTYPES.items()}


def numpy() -> Any:
    """Return the module numpy, or raise CapabilityError if it is not installed."""
    loaded = sys.modules.get("numpy")  # much faster than an import statement
    if loaded is not None:
        return loaded
    try:
        import numpy as np
    except ImportError:
        message = "arrays and audio need numpy: pip install 'remotemedia[audio]'"
        raise CapabilityError(message) from None
    return np


class UnrepresentableError(ValueError):
    """A value that cannot cross a boundary; `keys` lead to the offending part."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.keys: list[str | int] = []

    def lies_in(self, key: str | int) -> None:
        """Note that what was refused stands at `key` of something larger."""
        self.keys.insert(0, key)

    @property
    def path(self) -> str:
        """The keys as a path."""
        path = "$"
        for key in self.keys:
            path = child(path, key)
        return path

    def __str__(self) -> str:
        """Reason and path."""
        return f"{self.reason} (at {self.path})"


class Audio:
    """A stretch of sound.

    `samples` is a read-only `(channels, frames)` float32 array, nominal range [-1, 1]; a 1-d array
    is taken as mono. `sample_rate` is in hertz, a whole number. `timestamp` is the time of the
    first frame in seconds, or None if unknown.
    """

    __slots__ = ("sample_rate", "samples", "timestamp")

    samples: NDArray[np.float32]
    sample_rate: int
    timestamp: float | None

    def __init__(self, samples: Any, sample_rate: int, timestamp: float | None = None) -> None:
        np = numpy()
        array = np.asarray(samples)
        if array.dtype.kind != "f" and array.size:
            message = f"samples must be floats, not {array.dtype}: scale integer PCM first"
            raise TypeError(message)
        if array.ndim == 1:
            array = array[np.newaxis]
        if array.ndim != 2:  # noqa: PLR2004
            message = f"samples must have the shape (channels, frames), not {array.shape}"
            raise ValueError(message)
        self.samples = read_only(np.ascontiguousarray(array, dtype="<f4"))
        self.sample_rate = sample_rate
        if type(sample_rate) is not bool and 1 <= sample_rate <= MAX_RATE:
            whole = int(sample_rate)
            self.sample_rate = whole if whole == sample_rate else sample_rate
        try:
            self.timestamp = None if timestamp is None else float(timestamp)
        except OverflowError:
            self.timestamp = math.inf
        problem = audio_problem(self.channels, self.sample_rate, self.timestamp)
        if problem:
            raise ValueError(problem)

    @classmethod
    def of_checked(cls, samples: Any, sample_rate: int, timestamp: float | None) -> Audio:
        """Wrap a read-only float32 `(channels, frames)` array without checking it again."""
        audio = cls.__new__(cls)
        audio.samples = samples
        audio.sample_rate = sample_rate
        audio.timestamp = timestamp
        return audio

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        """Number of samples per channel."""
        return int(self.samples.shape[1])

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate

    def __eq__(self, other: object) -> bool:
        """Compare exactly, NaN equal to NaN."""
        if not isinstance(other, Audio):
            return NotImplemented
        return (
            self.sample_rate == other.sample_rate
            and (self.timestamp == other.timestamp)
            and bool(numpy().array_equal(self.samples, other.samples, equal_nan=True))
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Shape, rate and time, not the samples."""
        shape = f"{self.channels} × {self.frames}"
        at = "" if self.timestamp is None else f" from {self.timestamp} s"
        return f"<Audio {shape} at {self.sample_rate} Hz{at}>"

    def _repr_html_(self) -> str:
        """Show a player in a notebook, for a clip of at most a minute."""
        from remotemedia._player import player_of

        return player_of(self)


def audio_problem(channels: int, sample_rate: Any, timestamp: float | None) -> str | None:
    """Tell what keeps audio from being valid."""
    if not 1 <= channels <= MAX_CHANNELS:
        return f"audio has 1 to {MAX_CHANNELS} channels, not {channels}"
    if type(sample_rate) is not int or not 1 <= sample_rate <= MAX_RATE:
        return f"sample_rate must be an integer from 1 to {MAX_RATE}, not {sample_rate!r:.40}"
    if timestamp is not None and not math.isfinite(timestamp):
        return f"timestamp must be finite, not {timestamp}"
    return None


def read_only(array: Any) -> Any:
    """Return the array itself if nobody can write to it through this object, else such a view."""
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def dtype_name(array: Any) -> str | None:
    """Return the wire name of a numpy array's dtype, None if it has none."""
    return _NAMES.get(array.dtype.str) or _NAMES.get(array.dtype.newbyteorder("<").str)


def represent(value: Any, depth: int = 1) -> Any:
    """Return the value as it would arrive after a crossing: containers copied, arrays read-only.

    Tuples become lists, numpy scalars become numbers, bytearrays and memoryviews become bytes.
    Raises UnrepresentableError with the path of what has no such form.
    """
    kind = type(value)
    if kind is float or kind is bool or value is None:
        return value
    if kind is str or isinstance(value, str):
        return _text(value)
    if kind is int or isinstance(value, int):
        if not MIN_I64 <= value <= MAX_I64:
            raise UnrepresentableError("an integer beyond 64 bits")
        return int(value)
    if kind is dict or isinstance(value, dict):
        return _map(value, depth)
    if kind is list or isinstance(value, (list, tuple)):
        return _list(value, depth)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, float):
        return float(value)
    return _array_value(value)


def _text(value: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise UnrepresentableError("a string with a lone surrogate") from None
    return str(value)


def _list(values: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
    _check_depth(depth)
    if set(map(type, values)) <= _KEPT:
        return list(values)
    items = []
    try:
        for value in values:
            items.append(represent(value, depth + 1))  # noqa: PERF401 - its length is the index
    except UnrepresentableError as error:
        error.lies_in(len(items))
        raise
    return items


def _map(values: dict[Any, Any], depth: int) -> dict[str, Any]:
    _check_depth(depth)
    items = {}
    for key, value in values.items():
        if not isinstance(key, str):
            reason = f"a map key of type {type(key).__name__}, only str is possible"
            raise UnrepresentableError(reason)
        name = _text(key)
        try:
            items[name] = represent(value, depth + 1)
        except UnrepresentableError as error:
            error.lies_in(key)
            raise
    return items


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise UnrepresentableError(f"nested deeper than {MAX_DEPTH} levels")


def _array_value(value: Any) -> Any:
    if isinstance(value, Audio):
        problem = audio_problem(value.channels, value.sample_rate, value.timestamp)
        if problem:
            raise UnrepresentableError(problem)
        return value
    np = sys.modules.get("numpy")
    if np is not None and isinstance(value, np.ndarray):
        if dtype_name(value) is None:
            raise UnrepresentableError(f"an array of dtype {value.dtype}")
        return read_only(value)
    if np is not None and isinstance(value, (np.bool_, np.integer, np.floating)):
        return represent(value.item())
    raise UnrepresentableError(f"a value of type {type(value).__name__}")
