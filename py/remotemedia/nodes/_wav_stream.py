"""Reads a RIFF/WAVE file that comes in portions of any size."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from remotemedia._errors import NodeError
from remotemedia.nodes._wav import CHUNK, FORMAT_READ, HEADER, TO_THE_END, check_riff, parse

if TYPE_CHECKING:
    from remotemedia._values import Audio
    from remotemedia.nodes._wav import Format

_RIFF, _CHUNK, _FORMAT, _SKIPPED, _DATA = "riff", "chunk", "fmt", "skipped", "data"


class WavStream:
    """What has been seen of a file. It holds no more than a header or a frame."""

    def __init__(self) -> None:
        self._part = _RIFF
        self._left: float = HEADER
        """Bytes of the part that are still to come; infinite for data that go to the end."""
        self._odd = 0
        """The padding of the chunk under way, which may be missing at the end."""
        self._held = b""
        self._taken = 0
        self._format: Format | None = None
        self._after_format = 0
        self._has_data = False
        self._given = 0

    def take(self, portion: bytes) -> Audio | None:
        """Return the frames that the portion completes.

        Raises NodeError; then the stream is of no more use.
        """
        view, audio = memoryview(portion), None
        while True:
            size = int(min(self._left, len(view)))
            now, view = view[:size], view[size:]
            self._taken += size
            self._left -= size
            if self._part == _DATA:
                audio = self._frames(now) or audio
            elif self._part != _SKIPPED:
                self._held += now
            if self._left:
                return audio
            self._next()

    def end(self) -> Audio | None:
        """Return empty audio for a file without frames, else nothing."""
        if not self._taken:
            return None
        if self._part == _RIFF:
            check_riff(b"")
        inside = self._part == _FORMAT or (self._part == _DATA and self._left != float("inf"))
        if inside or (self._part == _SKIPPED and self._left > self._odd):
            message = f"not a whole WAV file: it ends inside a chunk, at byte {self._taken}"
            raise NodeError(message)
        if self._part == _DATA:
            self._check_whole_frames()
        if self._format is None or not self._has_data:
            message = f"the file has no {'fmt' if self._format is None else 'data'} chunk"
            raise NodeError(message)
        return None if self._given else self._format.audio(b"", 0)

    def _next(self) -> None:
        """Go from a part that is complete to the next."""
        held = self._held
        if self._part == _RIFF:
            check_riff(held)
            self._go(_CHUNK, CHUNK)
        elif self._part == _CHUNK:
            self._header(*struct.unpack("<4sI", held))
        elif self._part == _FORMAT:
            self._format = parse(held, self._taken - len(held) - CHUNK)
            self._go(_SKIPPED, self._after_format)
        elif self._part == _DATA:
            self._check_whole_frames()
            self._go(_SKIPPED, self._odd)
        else:
            self._go(_CHUNK, CHUNK)

    def _go(self, part: str, size: float) -> None:
        self._part, self._left, self._held = part, size, b""

    def _header(self, name: bytes, size: int) -> None:
        at = self._taken - CHUNK
        self._odd = size % 2
        if name in (b"fmt ", b"data") and self._has_data:
            message = f"byte {at}: a second fmt or data chunk in a streamed file"
            raise NodeError(message)
        if name == b"fmt ":
            read = min(size, FORMAT_READ)
            self._after_format = size - read + self._odd
            self._go(_FORMAT, read)
        elif name != b"data":
            self._go(_SKIPPED, size + self._odd)
        elif self._format is None:
            message = f"byte {at}: data before fmt in a streamed file"
            raise NodeError(message)
        else:
            self._has_data = True
            self._go(_DATA, float("inf") if size == TO_THE_END else size)

    def _frames(self, data: memoryview) -> Audio | None:
        if self._format is None:
            return None
        body = self._held + data if self._held else data
        whole = len(body) // self._format.frame * self._format.frame
        self._held = bytes(body[whole:])
        if not whole:
            return None
        audio = self._format.audio(body[:whole], self._given)
        self._given += audio.frames
        return audio

    def _check_whole_frames(self) -> None:
        if self._held:
            message = f"byte {self._taken}: {len(self._held)} bytes of data that are no whole frame"
            raise NodeError(message)
