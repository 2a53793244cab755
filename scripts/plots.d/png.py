"""Writes small pictures with 16 colours as PNG."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLOURS = 16
# From dark to light through violet and orange: equal steps look equal, also without colour.
STOPS = ((0, 0, 4), (81, 18, 124), (183, 55, 121), (252, 137, 97), (252, 253, 191))


def png(values: NDArray[np.float32], low: float, high: float) -> bytes:
    """Return the picture of `values` (rows × columns, row 0 at the bottom); `low` is dark."""
    part = np.clip((values[::-1] - low) / (high - low), 0, 1)
    colours = np.rint(part * (COLOURS - 1)).astype(np.uint8)
    height, width = colours.shape
    even = np.pad(colours, ((0, 0), (0, width % 2)))
    packed = even[:, ::2] << 4 | even[:, 1::2]
    rows = np.pad(packed, ((0, 0), (1, 0)))  # filter 0 before each row
    head = struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"PLTE", _palette()), (b"IDAT", zlib.compress(rows.tobytes(), 9))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in [*chunks, (b"IEND", b"")])


def _palette() -> bytes:
    at = np.linspace(0, len(STOPS) - 1, COLOURS)
    stops = np.array(STOPS)
    columns = [np.interp(at, np.arange(len(STOPS)), stops[:, k]) for k in range(3)]
    return bytes(np.rint(np.stack(columns, axis=1)).astype(np.uint8))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
