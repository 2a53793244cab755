"""SpeechSegmentsNode."""

from __future__ import annotations

from typing import Any

from remotemedia._errors import NodeError
from remotemedia._node import Node
from remotemedia._param import Param


class SpeechSegmentsNode(Node, category="audio", requires=("numpy",), stateful=True):
    """Gathers VADNode's frames into segments of speech, given at the end of the stream."""

    inputs = {"in": ("map",)}
    outputs = {"out": ("list",)}

    min_gap_ms: float = Param(
        200.0, doc="Segments with a shorter gap between them are joined.", unit="ms", minimum=0
    )

    def init(self) -> None:
        """Start without segments."""
        self._segments: list[dict[str, float]] = []

    def process(self, item: Any) -> None:
        """Take one output of VADNode."""
        try:
            flags, frame, start = item["flags"], float(item["frame_s"]), float(item["start_s"])
            speech = [bool(flag) for flag in flags]
        except (TypeError, KeyError, ValueError) as error:
            message = f"needs the output of VADNode: {type(error).__name__}: {error}"
            raise NodeError(message) from None
        for i, is_speech in enumerate(speech):
            if is_speech:
                self._add(start + i * frame, start + (i + 1) * frame)

    def flush(self) -> list[dict[str, float]]:
        """Return `[{"start_s", "end_s"}]`."""
        return self._segments

    def _add(self, start: float, end: float) -> None:
        last = self._segments[-1] if self._segments else None
        # Times that are computed differ in their last bits: a nanosecond is no gap.
        if last is not None and start - last["end_s"] < max(self.min_gap_ms / 1000, 2e-9) - 1e-9:
            last["end_s"] = max(last["end_s"], end)
        else:
            self._segments.append({"start_s": start, "end_s": end})
