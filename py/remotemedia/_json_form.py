"""Values as plain JSON, for files and command lines: `{"$bytes": base64}` and the like.

Between runtimes arrays never travel as text: see `_packet`.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from typing import Any

from remotemedia._errors import RemoteMediaError
from remotemedia._paths import child
from remotemedia._values import (
    DTYPES,
    MAX_DEPTH,
    MAX_I64,
    MAX_SAFE,
    MIN_I64,
    SIZES,
    Audio,
    dtype_name,
    numpy,
    read_only,
    represent,
)

_INTEGER = re.compile(r"-?[0-9]+\Z")
_FLOAT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def number_literal(value: float) -> str | None:
    """Return the literal of a number that JSON bends in some language, None for all others."""
    if type(value) is int:
        return None if -MAX_SAFE <= value <= MAX_SAFE else str(value)
    if value != value:  # noqa: PLR0124
        return "NaN"
    if value - value != 0:
        return "Infinity" if value > 0 else "-Infinity"
    return "-0.0" if value == 0 and math.copysign(1, value) < 0 else None


def parse_number(literal: str) -> int | float:
    """Read what `number_literal` wrote, in any language; raises ValueError."""
    special = _SPECIAL.get(literal)
    if special is not None:
        return special
    if _INTEGER.match(literal):
        integer = int(literal)
        if MIN_I64 <= integer <= MAX_I64:
            return integer
    elif _FLOAT.match(literal):
        number = float(literal)
        if math.isfinite(number):
            return number
    message = f"not a number: {literal[:40]!r}"
    raise ValueError(message)


def to_json_form(value: Any) -> Any:
    """Return what `json.dumps` can write and `from_json_form` reads back as the same value."""
    return _write(represent(value))


def _write(value: Any) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        literal = number_literal(value)
        return value if literal is None else {"$number": literal}
    if isinstance(value, list):
        return [_write(item) for item in value]
    if isinstance(value, dict):
        written = {key: _write(item) for key, item in value.items()}
        return {"$map": written} if _looks_special(value) else written
    if isinstance(value, bytes):
        return {"$bytes": _base64(value)}
    if isinstance(value, Audio):
        return {"$audio": _write_audio(value)}
    fields = {"dtype": dtype_name(value), "shape": list(value.shape)}
    data = value.astype(DTYPES[str(fields["dtype"])], copy=False).tobytes()
    return {"$tensor": {**fields, "data": _base64(data)}}


def _write_audio(audio: Audio) -> dict[str, Any]:
    fields: dict[str, Any] = {"sample_rate": audio.sample_rate, "channels": audio.channels}
    if audio.timestamp is not None:
        fields["timestamp"] = _write(audio.timestamp)
    return {**fields, "data": _base64(audio.samples.tobytes())}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _looks_special(value: dict[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith("$")


class JsonFormError(RemoteMediaError):
    """JSON that is not the form of a value; `path` leads to the place."""

    default_code = "bad_value"


def from_json_form(form: Any, path: str = "$", depth: int = 1) -> Any:
    """Return the value of a parsed JSON form; raises JsonFormError with the path."""
    if isinstance(form, (list, dict)) and depth > MAX_DEPTH:
        raise JsonFormError(f"nested deeper than {MAX_DEPTH} levels", path=path)
    if isinstance(form, list):
        return [from_json_form(item, child(path, i), depth + 1) for i, item in enumerate(form)]
    if isinstance(form, dict):
        if _looks_special(form):
            return _read_special(form, path, depth)
        return {k: from_json_form(item, child(path, k), depth + 1) for k, item in form.items()}
    if isinstance(form, float) and not math.isfinite(form):
        raise JsonFormError("a number out of range", path=path)
    return form


def _read_special(form: dict[str, Any], path: str, depth: int) -> Any:
    ((key, content),) = form.items()
    path = child(path, key)
    if key == "$map" and isinstance(content, dict):
        entries = content.items()
        return {k: from_json_form(item, child(path, k), depth + 1) for k, item in entries}
    try:
        if key == "$number" and isinstance(content, str):
            return parse_number(content)
        if key == "$bytes" and isinstance(content, str):
            return base64.b64decode(content, validate=True)
        if key == "$tensor":
            return _read_tensor(content)
        if key == "$audio":
            return _read_audio(content)
    except (ValueError, TypeError, KeyError, OverflowError, binascii.Error) as error:
        message = f"not a value of the form {key}: {error}"
        raise JsonFormError(message, path=path) from error
    message = f"{key} is none of $bytes, $tensor, $audio, $number, $map"
    raise JsonFormError(message, path=path)


def _read_tensor(content: dict[str, Any]) -> Any:
    dtype, shape = content["dtype"], content["shape"]
    data = base64.b64decode(content["data"], validate=True)
    if any(type(n) is not int or n < 0 for n in shape):
        message = f"shape {shape}"
        raise ValueError(message)
    if math.prod(shape) * SIZES[dtype] != len(data):
        message = f"{len(data)} bytes do not fit the shape {shape} of {dtype}"
        raise ValueError(message)
    return numpy().frombuffer(data, DTYPES[dtype]).reshape(shape)


def _read_audio(content: dict[str, Any]) -> Audio:
    np = numpy()
    channels, rate = content["channels"], content["sample_rate"]
    samples = np.frombuffer(base64.b64decode(content["data"], validate=True), "<f4")
    timestamp = content.get("timestamp")
    if timestamp is not None:
        timestamp = float(from_json_form(timestamp))
    if type(channels) is not int or channels < 0 or (channels == 0 and samples.size):
        message = f"channels {channels!r}"
        raise ValueError(message)
    frames = samples.size // channels if channels else 0
    return Audio(read_only(samples.reshape(channels, frames)), rate, timestamp)
