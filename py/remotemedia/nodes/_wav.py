"""Reads RIFF/WAVE files: PCM of 8 to 32 bits, float of 32 and 64, also WAVE_FORMAT_EXTENSIBLE."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np

from remotemedia._errors import NodeError
from remotemedia._values import Audio

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_ENCODINGS = {(_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32), (_FLOAT, 64)}
TO_THE_END = 0xFFFFFFFF
HEADER, CHUNK = 12, 8
FORMAT_READ = 26
"""How many bytes of a fmt chunk are looked at."""


class Format(NamedTuple):
    """The part of the fmt chunk that matters."""

    encoding: int
    channels: int
    sample_rate: int
    bits: int

    @property
    def frame(self) -> int:
        """Bytes of a frame."""
        return self.channels * self.bits // 8

    def audio(self, data: memoryview | bytes, first: int) -> Audio:
        """Return whole frames, the first of which is number `first` of the file."""
        samples = _samples(data, self).reshape(-1, self.channels).T
        return Audio(samples, self.sample_rate, first / self.sample_rate)


def decode(file: bytes) -> Audio:
    """Return the audio of a whole file; raises NodeError that says what is wrong and where."""
    check_riff(file)
    layout: Format | None = None
    data: tuple[int, memoryview] | None = None
    at = HEADER
    while at + CHUNK <= len(file):
        name, body, end = _chunk(file, at)
        if name == b"fmt ":
            layout = parse(body, at)
        elif name == b"data":
            data = at, body
        at = end
    if layout is None:
        raise NodeError("the file has no fmt chunk")
    if data is None:
        raise NodeError("the file has no data chunk")
    if len(data[1]) % layout.frame:
        message = (
            f"the data chunk at byte {data[0]} is no whole number of frames: "
            f"{len(data[1])} bytes, {layout.frame} a frame"
        )
        raise NodeError(message)
    return layout.audio(data[1], 0)


def check_riff(file: bytes) -> None:
    """Refuse what does not begin like a WAV file."""
    if file[:4] != b"RIFF" or file[8:HEADER] != b"WAVE":
        raise NodeError("not a RIFF/WAVE file: the first 12 bytes are not RIFF....WAVE")


def _chunk(file: bytes, at: int) -> tuple[bytes, memoryview, int]:
    name, size = struct.unpack_from("<4sI", file, at)
    start = at + 8
    if name == b"data" and size == TO_THE_END:  # a recorder that was cut off leaves this
        size = len(file) - start
    if start + size > len(file):
        message = (
            f"the {name.decode('latin-1')} chunk at byte {at} claims {size} bytes, "
            f"{len(file) - start} are left"
        )
        raise NodeError(message)
    return name, memoryview(file)[start : start + size], start + size + size % 2


def parse(body: memoryview | bytes, at: int) -> Format:
    """Read the body of a fmt chunk whose header stands at byte `at`."""
    try:
        tag, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", body)
        # The first two bytes of the sub-format are the tag that a plain header would have.
        encoding = struct.unpack_from("<H", body, 24)[0] if tag == _EXTENSIBLE else tag
    except struct.error:
        message = f"the fmt chunk at byte {at} is too short: {len(body)} bytes"
        raise NodeError(message) from None
    if (encoding, bits) not in _ENCODINGS:
        message = f"fmt chunk at byte {at}: encoding {encoding} with {bits} bits is not supported"
        raise NodeError(message)
    if channels == 0 or rate == 0:
        message = f"fmt chunk at byte {at}: {channels} channels at {rate} Hz"
        raise NodeError(message)
    if align != channels * bits // 8:
        message = (
            f"fmt chunk at byte {at}: block size {align} does not fit {channels} × {bits} bits"
        )
        raise NodeError(message)
    return Format(encoding, channels, rate, bits)


def _samples(body: memoryview | bytes, layout: Format) -> Any:
    """Return interleaved float32 samples, full scale 1."""
    if layout.encoding == _FLOAT:
        return np.frombuffer(body, f"<f{layout.bits // 8}").astype(np.float32)
    if layout.bits == 8:  # noqa: PLR2004 - the one unsigned kind
        return (np.frombuffer(body, "u1").astype(np.float32) - 128) / 128
    if layout.bits == 24:  # noqa: PLR2004
        padded = np.zeros((len(body) // 3, 4), "u1")
        padded[:, 1:] = np.frombuffer(body, "u1").reshape(-1, 3)
        return (padded.view("<i4").ravel() >> 8).astype(np.float32) / 2**23
    integers = np.frombuffer(body, f"<i{layout.bits // 8}")
    return integers.astype(np.float32) / np.float32(2.0 ** (layout.bits - 1))
