"""WavDecodeNode."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from remotemedia._errors import NodeError
from remotemedia._node import Node
from remotemedia._param import Param

if TYPE_CHECKING:
    from remotemedia._values import Audio


class WavDecodeNode(Node, category="audio", requires=("numpy",), stateful=True):
    """Decodes the bytes of WAV files."""

    inputs = {"in": ("bytes",)}
    outputs = {"out": ("audio",)}

    streaming: bool = Param(
        default=False,
        doc="Whether the items are consecutive portions of one file, not a file each.",
    )

    def init(self) -> None:
        """Import what needs numpy."""
        from remotemedia.nodes import _wav, _wav_stream

        self._decode = _wav.decode
        self._stream = _wav_stream.WavStream()

    def process(self, item: Any) -> Audio | None:
        """Return the audio of a file, or the frames that a portion of it completes."""
        if not isinstance(item, bytes):
            message = f"needs the bytes of a WAV file, not {type(item).__name__}"
            raise NodeError(message)
        if not self.streaming:
            return self._decode(item)
        stream = copy(self._stream)  # so that a portion that is refused leaves no trace
        audio = stream.take(item)
        self._stream = stream
        return audio

    def flush(self) -> Audio | None:
        """Check that a streamed file is whole; return empty audio if it has no frames."""
        return self._stream.end()
