"""WavDecodeNode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remotemedia._errors import NodeError
from remotemedia._node import Node

if TYPE_CHECKING:
    from remotemedia._values import Audio


class WavDecodeNode(Node, category="audio", requires=("numpy",)):
    """Decodes the bytes of a WAV file."""

    inputs = {"in": ("bytes",)}
    outputs = {"out": ("audio",)}

    def init(self) -> None:
        """Import what needs numpy."""
        from remotemedia.nodes import _wav

        self._decode = _wav.decode

    def process(self, item: Any) -> Audio:
        """Return the audio, from time 0 on."""
        if not isinstance(item, bytes):
            message = f"needs the bytes of a WAV file, not {type(item).__name__}"
            raise NodeError(message)
        return self._decode(item)
