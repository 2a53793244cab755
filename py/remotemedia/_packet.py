"""Packets: batches of items on their way across a boundary (docs/internals/packets.md).

A packet is a JSON header and a list of buffers; `to_bytes` lays them out in one block. The work is
proportional to the number and nesting of values, never to the size of arrays: buffers are viewed,
not copied, and columns of numbers are converted in one go.
"""

from __future__ import annotations

import json
import struct
from array import array
from typing import Any

from remotemedia._errors import PacketError
from remotemedia._json_form import number_literal
from remotemedia._packet_reader import MIN_RUN, NUMBER_CODES, PLAIN, Packet, decode, refuse
from remotemedia._values import (
    MAX_DEPTH,
    Audio,
    UnrepresentableError,
    dtype_name,
    numpy,
    represent,
)

MAGIC = 0x31504D52  # "RMP1"

_to_json = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


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
        if kind in PLAIN:
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
        if kinds <= PLAIN:
            return values
        if len(values) >= MIN_RUN and len(kinds) == 1:
            if int in kinds:
                return self._run("i64", values)
            if float in kinds:
                return self._run("f64", values)
        depth += 1
        return [self.value(value, depth) for value in values]

    def _run(self, dtype: str, values: list[Any]) -> Any:
        self.buffers.append(array(NUMBER_CODES[dtype], values))
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
        refuse(f"{len(block)} bytes are no packet", "magic")
    magic, total, header_length, count = struct.unpack_from("<4I", block)
    if magic != MAGIC:
        refuse(f"magic {magic:#010x}", "magic")
    if total % 16 or total > len(block):
        refuse(f"length {total} of {len(block)} bytes", "length")
    if 16 + 4 * count > total:
        refuse(f"{count} buffers in {total} bytes", "buffers")
    lengths = struct.unpack_from(f"<{count}I", block, 16)
    if _padded(16 + 4 * count + header_length) + sum(map(_padded, lengths)) != total:
        refuse("the lengths do not add up", "length")
    pieces = []
    end = 16 + 4 * count
    for length in (header_length, *lengths):
        start, end = end, end + length
        pieces.append(block[start:end])
        start, end = end, _padded(end)
        if any(block[start:end]):
            refuse("a gap is not zero", "length")
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
