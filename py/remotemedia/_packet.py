"""Packets: batches of items on their way across a boundary (docs/internals/packets.md).

A packet is a JSON header and a list of buffers; `to_bytes` lays them out in one block. The work is
proportional to the number and nesting of values, never to the size of arrays: buffers are viewed,
not copied, and columns of numbers are converted in one go.
"""

from __future__ import annotations

import json
import re
import struct
from array import array
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn

from remotemedia._errors import CapabilityError, PacketError
from remotemedia._json_form import number_literal, parse_number
from remotemedia._json_text import parse_json
from remotemedia._values import (
    DTYPES,
    MAX_DEPTH,
    MAX_SAFE,
    SIZES,
    Audio,
    UnrepresentableError,
    audio_problem,
    dtype_name,
    numpy,
    read_only,
    represent,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MAGIC = 0x31504D52  # "RMP1"
MIN_RUN = 8
"""Lists of numbers from this length on travel as one buffer."""

_PLAIN = frozenset({bool, str, type(None)})
_ONLY_INT = {int}
_NO_COLUMN = "only integers ≥ 0 are possible"
_NUMBER_CODES: dict[str, Literal["q", "d"]] = {"i64": "q", "f64": "d"}
_to_json = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Packet(NamedTuple):
    """The content of a packet: three columns; `edges` is one number if all items share it."""

    rounds: list[int]
    edges: int | list[int]
    values: list[Any]


# --- writing ------------------------------------------------------------------------------------


def encode(rounds: list[int], edges: int | list[int], values: list[Any]) -> tuple[str, list[Any]]:
    """Return header and buffers of a packet.

    Raises UnrepresentableError if a value cannot cross; its path starts with the item: `$[3].a`.
    """
    writer = _Writer()
    try:
        header: dict[str, Any] = {
            "rounds": writer.sequence(rounds, 0),
            "edges": edges if isinstance(edges, int) else writer.sequence(edges, 0),
            "values": writer.sequence(values, 0),
        }
        if writer.refs:
            header["refs"] = writer.refs
        text = _to_json(header)
        if not text.isascii():
            text.encode()  # refuses lone surrogates
    except (UnrepresentableError, UnicodeEncodeError, OverflowError):
        represent(values, 0)  # raises with the path
        raise
    return text, writer.buffers


class _Writer:
    def __init__(self) -> None:
        self.refs: list[dict[str, Any]] = []
        self.buffers: list[Any] = []
        self._seen: dict[int, int] = {}

    def value(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is int or kind is float:
            literal = number_literal(value)
            return value if literal is None else {"$": number_literal(represent(value))}
        if kind is list:
            return self.sequence(value, depth)
        if kind is dict:
            return self._map(value, depth)
        if kind is bytes or kind is Audio or hasattr(value, "dtype"):
            return self._reference(value, depth)
        return self.value(represent(value), depth)

    def sequence(self, values: list[Any], depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise UnrepresentableError("nested too deep")
        kinds = set(map(type, values))
        if kinds <= _PLAIN:
            return values
        if len(values) >= MIN_RUN and len(kinds) == 1:
            if int in kinds:
                return self._run("i64", values)
            if float in kinds:
                return self._run("f64", values)
        depth += 1
        return [self.value(value, depth) for value in values]

    def _run(self, dtype: str, values: list[Any]) -> Any:
        self.buffers.append(array(_NUMBER_CODES[dtype], values))
        fields = {"dtype": dtype, "shape": [len(values)], "buffer": len(self.buffers) - 1}
        return self._add({"kind": "list", **fields})

    def _add(self, ref: dict[str, Any]) -> dict[str, int]:
        self.refs.append(ref)
        return {"$": len(self.refs) - 1}

    def _map(self, value: dict[Any, Any], depth: int) -> Any:
        if depth > MAX_DEPTH or not set(map(type, value)) <= {str}:
            raise UnrepresentableError("nested too deep, or keys that are not str")
        depth += 1
        encoded = {key: self.value(item, depth) for key, item in value.items()}
        return {"$": encoded} if "$" in encoded else encoded

    def _reference(self, value: Any, depth: int) -> Any:
        known = self._seen.get(id(value))
        if known is not None:
            return {"$": known}
        ref: dict[str, Any]
        if type(value) is bytes:
            ref, data = {"kind": "bytes"}, value
        elif type(value) is Audio:
            represent(value)  # refuses what no audio is
            ref = {"kind": "audio", "sample_rate": value.sample_rate}
            if value.timestamp is not None:
                ref["timestamp"] = self.value(value.timestamp, depth)
            ref["shape"], data = list(value.samples.shape), _bytes_of(value.samples)
        elif isinstance(value, numpy().ndarray):
            dtype = dtype_name(value)
            if dtype is None:
                raise UnrepresentableError("a dtype without a wire name")
            ref = {"kind": "tensor", "dtype": dtype, "shape": list(value.shape)}
            data = _bytes_of(value)
        else:
            return self.value(represent(value), depth)
        ref["buffer"] = len(self.buffers)
        self.buffers.append(data)
        self._seen[id(value)] = len(self.refs)
        return self._add(ref)


def _bytes_of(values: Any) -> Any:
    """Return the elements of an array in C order, little-endian, copied only if they must be."""
    if not values.nbytes:
        return b""
    if values.dtype.byteorder == ">":
        values = values.astype(values.dtype.newbyteorder("<"))
    if not values.flags.c_contiguous:
        values = values.copy()
    return memoryview(values).cast("B")


# --- reading ------------------------------------------------------------------------------------


def _refuse(message: str, path: str) -> NoReturn:
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
        _refuse("a lone surrogate", "header")
    fields = parse_json(header)
    if type(fields) is not dict:
        _refuse("the header is not an object", "header")
    refs = _references(fields["refs"], buffers) if "refs" in fields else []
    rounds = _column(fields["rounds"], refs, "rounds")
    edges = fields["edges"]
    if type(edges) is not int:
        edges = _column(edges, refs, "edges")
        if len(edges) != len(rounds):
            _refuse(f"{len(edges)} edges for {len(rounds)} rounds", "edges")
    elif edges < 0:
        _refuse("a negative edge", "edges")
    values = _list(fields["values"], refs, "values")
    if len(values) != len(rounds):
        _refuse(f"{len(values)} values for {len(rounds)} rounds", "values")
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
                _refuse(_NO_COLUMN, name)
    elif set(map(type, numbers)) != _ONLY_INT or min(numbers) < 0:
        _refuse(_NO_COLUMN, name)
    return numbers


def _list(encoded: Any, refs: list[Any], name: str) -> list[Any]:
    if type(encoded) is list:
        return [item if type(item) in _PLAIN else _value(item, refs, 1) for item in encoded]
    values = _value(encoded, refs, 0)
    if type(values) is not list:
        _refuse("not a list", name)
    return values


def _value(encoded: Any, refs: list[Any], depth: int) -> Any:
    kind = type(encoded)
    if kind is dict:
        return _map(encoded, refs, depth)
    if kind is list:
        if depth > MAX_DEPTH:
            _refuse(f"nested deeper than {MAX_DEPTH} levels", "values")
        depth += 1
        return [item if type(item) in _PLAIN else _value(item, refs, depth) for item in encoded]
    if kind is int:
        if not -MAX_SAFE <= encoded <= MAX_SAFE:
            _refuse("a plain integer beyond ±(2^53 − 1)", "values")
    elif kind is float and encoded - encoded != 0:
        _refuse("a number out of range", "values")
    return encoded


def _map(encoded: dict[str, Any], refs: list[Any], depth: int) -> Any:
    if "$" in encoded:
        form = encoded["$"]
        if len(encoded) != 1:
            _refuse("an object with $ and another key", "values")
        if type(form) is int:
            if not 0 <= form < len(refs):
                _refuse(f"no reference {form}", "values")
            return refs[form]
        if type(form) is str:
            return parse_number(form)
        if type(form) is not dict or "$" not in form:
            _refuse("an unknown form of $", "values")
        encoded = form
    if depth > MAX_DEPTH:
        _refuse(f"nested deeper than {MAX_DEPTH} levels", "values")
    depth += 1
    return {
        key: item if type(item) in _PLAIN else _value(item, refs, depth)
        for key, item in encoded.items()
    }


def _references(refs: Any, buffers: list[Any]) -> list[Any]:
    if type(refs) is not list:
        _refuse("refs is not a list", "refs")
    values = []
    try:
        for ref in refs:
            number = ref["buffer"]
            if type(number) is not int or not 0 <= number < len(buffers):
                _refuse(f"no buffer {number!r}", "buffer")
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
            _refuse("timestamp is not a number", "timestamp")
        timestamp = float(timestamp)
    samples = _array(data, "f32", ref["shape"])
    if samples.ndim != 2:  # noqa: PLR2004
        _refuse("shape is not [channels, frames]", "shape")
    problem = audio_problem(len(samples), rate, timestamp)
    if problem:
        _refuse(problem, "audio")
    return Audio.of_checked(samples, rate, timestamp)


def _check_size(data: Any, dtype: str, shape: Any) -> None:
    size = SIZES.get(dtype) if type(dtype) is str else None
    if size is None:
        _refuse(f"unknown dtype {dtype!r}", "dtype")
    if type(shape) is not list:
        _refuse("shape is not a list", "shape")
    for n in shape:
        if type(n) is not int or n < 0:
            _refuse(f"shape {shape[:8]} is not a list of sizes", "shape")
        size *= n
    if size != len(data):
        _refuse(f"{len(data)} bytes do not fit the shape {shape[:8]} of {dtype}", "shape")


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
        _refuse(f"no array has the shape {shape[:8]}: {error}", "shape")
    if dtype == "bool":
        raw = elements.view("u1")
        return read_only(raw != 0) if raw.size and raw.max() > 1 else elements
    return elements


def _numbers(data: Any, ref: dict[str, Any]) -> list[Any]:
    dtype, shape = ref["dtype"], ref["shape"]
    _check_size(data, dtype, shape)
    if dtype not in _NUMBER_CODES or len(shape) != 1:
        _refuse("a list is one row of i64 or f64", "shape")
    numbers: list[Any] = memoryview(data).cast("B").cast(_NUMBER_CODES[dtype]).tolist()
    return numbers


def _bytes(data: Any, _: dict[str, Any]) -> bytes:
    return bytes(data)


_READERS: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "tensor": _tensor,
    "list": _numbers,
    "bytes": _bytes,
    "audio": _audio,
}


# --- contiguous form ----------------------------------------------------------------------------


def _padded(size: int) -> int:
    return (size + 15) & ~15


def packed_size(header: bytes, buffers: list[Any]) -> int:
    """Return the length in bytes of the contiguous form."""
    size = _padded(16 + 4 * len(buffers) + len(header))
    return size + sum(_padded(memoryview(buffer).nbytes) for buffer in buffers)


def pack_into(target: memoryview, header: bytes, buffers: list[Any]) -> None:
    """Write the contiguous form; `target` has exactly its length."""
    lengths = [memoryview(buffer).nbytes for buffer in buffers]
    count = len(lengths)
    struct.pack_into(f"<4I{count}I", target, 0, MAGIC, len(target), len(header), count, *lengths)
    end = 16 + 4 * count
    for data, length in zip([header, *buffers], [len(header), *lengths], strict=True):
        start, end = end, end + length
        target[start:end] = memoryview(data).cast("B")
        start, end = end, _padded(end)
        target[start:end] = bytes(end - start)


def to_bytes(header: str, buffers: list[Any]) -> bytearray:
    """Return the contiguous form."""
    text = header.encode()
    block = bytearray(packed_size(text, buffers))
    pack_into(memoryview(block), text, buffers)
    return block


def from_bytes(data: bytes, offset: int = 0) -> tuple[str, list[Any], int]:
    """Return header, buffers (views) and end of the contiguous packet at `offset`."""
    block = memoryview(data)[offset:]
    if len(block) < 16:  # noqa: PLR2004
        _refuse(f"{len(block)} bytes are no packet", "magic")
    magic, total, header_length, count = struct.unpack_from("<4I", block)
    if magic != MAGIC:
        _refuse(f"magic {magic:#010x}", "magic")
    if total % 16 or total > len(block):
        _refuse(f"length {total} of {len(block)} bytes", "length")
    if 16 + 4 * count > total:
        _refuse(f"{count} buffers in {total} bytes", "buffers")
    lengths = struct.unpack_from(f"<{count}I", block, 16)
    if _padded(16 + 4 * count + header_length) + sum(map(_padded, lengths)) != total:
        _refuse("the lengths do not add up", "length")
    pieces = []
    end = 16 + 4 * count
    for length in (header_length, *lengths):
        start, end = end, end + length
        pieces.append(block[start:end])
        start, end = end, _padded(end)
        if any(block[start:end]):
            _refuse("a gap is not zero", "length")
    try:
        header = str(pieces[0], "utf-8")
    except UnicodeDecodeError as error:
        raise PacketError(f"the header is not UTF-8: {error}", path="header") from error
    return header, pieces[1:], offset + total


def read(data: bytes) -> list[Packet]:
    """Return all packets of a sequence of contiguous packets."""
    packets = []
    end = 0
    while end < len(data):
        header, buffers, end = from_bytes(data, end)
        packets.append(decode(header, buffers))
    return packets
