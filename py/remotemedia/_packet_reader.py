"""Reads the content of packets: header and buffers (docs/internals/packets.md).

What cannot be read is refused with PacketError, whatever the bytes are.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn

from remotemedia._errors import CapabilityError, PacketError
from remotemedia._json_form import parse_number
from remotemedia._json_text import parse_json
from remotemedia._values import (
    DTYPES,
    MAX_DEPTH,
    MAX_SAFE,
    SIZES,
    Audio,
    audio_problem,
    numpy,
    read_only,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_RUN = 8
"""Lists of numbers from this length on travel as one buffer."""

PLAIN = frozenset({bool, str, type(None)})
"""Types that stand in a header as they are."""

NUMBER_CODES: dict[str, Literal["q", "d"]] = {"i64": "q", "f64": "d"}
"""Element types of lists of numbers → those of `array`."""

_ONLY_INT = {int}
_NO_COLUMN = "only integers ≥ 0 are possible"
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Packet(NamedTuple):
    """The content of a packet: three columns; `edges` is one number if all items share it."""

    rounds: list[int]
    edges: int | list[int]
    values: list[Any]


def refuse(message: str, path: str) -> NoReturn:
    raise PacketError(message, path=path)


def decode(header: str, buffers: list[Any]) -> Packet:
    """Return the columns of a packet; arrays are read-only views if the buffers are `bytes`."""
    try:
        return _decode(header, buffers)
    except PacketError:
        raise
    except (ValueError, TypeError, KeyError) as error:
        raise PacketError(f"not a packet header: {error}", path="header") from error


def _decode(header: str, buffers: list[Any]) -> Packet:
    if (not header.isascii() or "\\u" in header) and _has_lone_surrogates(header):
        refuse("a lone surrogate", "header")
    fields = parse_json(header)
    if type(fields) is not dict:
        refuse("the header is not an object", "header")
    refs = _references(fields["refs"], buffers) if "refs" in fields else []
    rounds = _column(fields["rounds"], refs, "rounds")
    edges = fields["edges"]
    if type(edges) is not int:
        edges = _column(edges, refs, "edges")
        if len(edges) != len(rounds):
            refuse(f"{len(edges)} edges for {len(rounds)} rounds", "edges")
    elif edges < 0:
        refuse("a negative edge", "edges")
    values = _list(fields["values"], refs, "values")
    if len(values) != len(rounds):
        refuse(f"{len(values)} values for {len(rounds)} rounds", "values")
    return Packet(rounds, edges, values)


def _has_lone_surrogates(header: str) -> bool:
    try:
        header.encode()
        if _ESCAPED_SURROGATE.search(header):
            json.dumps(parse_json(header), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _column(encoded: Any, refs: list[Any], name: str) -> list[int]:
    numbers = _list(encoded, refs, name)
    if len(numbers) < MIN_RUN:
        for number in numbers:  # faster than the other way for a few
            if type(number) is not int or number < 0:
                refuse(_NO_COLUMN, name)
    elif set(map(type, numbers)) != _ONLY_INT or min(numbers) < 0:
        refuse(_NO_COLUMN, name)
    return numbers


def _list(encoded: Any, refs: list[Any], name: str) -> list[Any]:
    if type(encoded) is list:
        return [item if type(item) in PLAIN else _value(item, refs, 1) for item in encoded]
    values = _value(encoded, refs, 0)
    if type(values) is not list:
        refuse("not a list", name)
    return values


def _value(encoded: Any, refs: list[Any], depth: int) -> Any:
    kind = type(encoded)
    if kind is dict:
        return _map(encoded, refs, depth)
    if kind is list:
        if depth > MAX_DEPTH:
            refuse(f"nested deeper than {MAX_DEPTH} levels", "values")
        depth += 1
        return [item if type(item) in PLAIN else _value(item, refs, depth) for item in encoded]
    if kind is int:
        if not -MAX_SAFE <= encoded <= MAX_SAFE:
            refuse("a plain integer beyond ±(2^53 − 1)", "values")
    elif kind is float and encoded - encoded != 0:
        refuse("a number out of range", "values")
    return encoded


def _map(encoded: dict[str, Any], refs: list[Any], depth: int) -> Any:
    if "$" in encoded:
        form = encoded["$"]
        if len(encoded) != 1:
            refuse("an object with $ and another key", "values")
        if type(form) is int:
            if not 0 <= form < len(refs):
                refuse(f"no reference {form}", "values")
            return refs[form]
        if type(form) is str:
            return parse_number(form)
        if type(form) is not dict or "$" not in form:
            refuse("an unknown form of $", "values")
        encoded = form
    if depth > MAX_DEPTH:
        refuse(f"nested deeper than {MAX_DEPTH} levels", "values")
    depth += 1
    return {
        key: item if type(item) in PLAIN else _value(item, refs, depth)
        for key, item in encoded.items()
    }


def _references(refs: Any, buffers: list[Any]) -> list[Any]:
    if type(refs) is not list:
        refuse("refs is not a list", "refs")
    values = []
    try:
        for ref in refs:
            number = ref["buffer"]
            if type(number) is not int or not 0 <= number < len(buffers):
                refuse(f"no buffer {number!r}", "buffer")
            values.append(_READERS[ref["kind"]](buffers[number], ref))
    except (PacketError, CapabilityError) as error:
        error.path = f"refs[{len(values)}]"
        raise
    return values


def _audio(data: Any, ref: dict[str, Any]) -> Audio:
    rate, timestamp = ref["sample_rate"], None
    if "timestamp" in ref:
        timestamp = _value(ref["timestamp"], [], 0)
        if type(timestamp) not in (int, float):
            refuse("timestamp is not a number", "timestamp")
        timestamp = float(timestamp)
    samples = _array(data, "f32", ref["shape"])
    if samples.ndim != 2:  # noqa: PLR2004
        refuse("shape is not [channels, frames]", "shape")
    problem = audio_problem(len(samples), rate, timestamp)
    if problem:
        refuse(problem, "audio")
    return Audio.of_checked(samples, rate, timestamp)


def _check_size(data: Any, dtype: str, shape: Any) -> None:
    size = SIZES.get(dtype) if type(dtype) is str else None
    if size is None:
        refuse(f"unknown dtype {dtype!r}", "dtype")
    if type(shape) is not list:
        refuse("shape is not a list", "shape")
    for n in shape:
        if type(n) is not int or n < 0:
            refuse(f"shape {shape[:8]} is not a list of sizes", "shape")
        size *= n
    if size != len(data):
        refuse(f"{len(data)} bytes do not fit the shape {shape[:8]} of {dtype}", "shape")


def _tensor(data: Any, ref: dict[str, Any]) -> Any:
    return _array(data, ref["dtype"], ref["shape"])


def _array(data: Any, dtype: str, shape: Any) -> Any:
    _check_size(data, dtype, shape)
    np = numpy()
    try:
        elements = np.frombuffer(data, DTYPES[dtype])
        if len(shape) != 1:
            elements = elements.reshape(shape)
    except ValueError as error:
        refuse(f"no array has the shape {shape[:8]}: {error}", "shape")
    if dtype == "bool":
        raw = elements.view("u1")
        return read_only(np.asarray(raw != 0)) if raw.size and raw.max() > 1 else elements
    return elements


def _numbers(data: Any, ref: dict[str, Any]) -> list[Any]:
    dtype, shape = ref["dtype"], ref["shape"]
    _check_size(data, dtype, shape)
    if dtype not in NUMBER_CODES or len(shape) != 1:
        refuse("a list is one row of i64 or f64", "shape")
    numbers: list[Any] = memoryview(data).cast("B").cast(NUMBER_CODES[dtype]).tolist()
    return numbers


def _bytes(data: Any, _: dict[str, Any]) -> bytes:
    return bytes(data)


_READERS: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "tensor": _tensor,
    "list": _numbers,
    "bytes": _bytes,
    "audio": _audio,
}
