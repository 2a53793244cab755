"""Writes a WAV file piece by piece, so that no recording has to fit in memory."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal

from remotemedia._json_form import JsonFormError
from remotemedia._values import numpy

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from remotemedia._values import Audio

WavFormat = Literal["pcm16", "float32"]
"""How a sample is written; names as of WavEncodeNode."""

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_PCM, _FLOAT = 1, 3
_MOST = 0xFFFFFFFF


class WavFile:
    """A WAV file that grows; rate and channels are those of the first audio."""

    def __init__(self, path: Path, first: Audio, wav_format: str) -> None:
        self._rate, self._channels = first.sample_rate, first.channels
        self._is_float = wav_format == "float32"
        self._written = 0
        self._file = path.open("wb")
        self._file.write(self._header())

    def append(self, audio: Audio) -> None:
        """Append frames; raises JsonFormError if rate or channels are others than before."""
        if (audio.sample_rate, audio.channels) != (self._rate, self._channels):
            message = (
                f"a WAV file has one rate and one number of channels: {self._rate} Hz × "
                f"{self._channels}, then {audio.sample_rate} Hz × {audio.channels}"
            )
            raise JsonFormError(message)
        data = self._encode(audio.samples.T)
        if _HEADER.size + self._written + len(data) > _MOST:
            raise JsonFormError("the WAV file would be larger than 4 GiB")
        self._file.write(data)
        self._written += len(data)

    def close(self) -> None:
        """Complete the file."""
        with self._file as file:
            file.seek(0)
            file.write(self._header())

    def _encode(self, frames: Any) -> bytes:
        np = numpy()
        if not self._is_float:  # scaled, rounded half to even and limited as nodes do it
            limited = np.clip(frames, -1.0, 1.0) * np.float32(32768)
            frames = np.minimum(np.rint(limited), 32767).astype("<i2")
        data: bytes = np.ascontiguousarray(frames, "<f4" if self._is_float else "<i2").tobytes()
        return data

    def _header(self) -> bytes:
        width = 4 if self._is_float else 2
        frame = width * self._channels
        size = self._written
        return _HEADER.pack(
            *(b"RIFF", _HEADER.size - 8 + size, b"WAVE", b"fmt ", 16),
            *(_FLOAT if self._is_float else _PCM, self._channels, self._rate),
            *(self._rate * frame, frame, 8 * width, b"data", size),
        )
