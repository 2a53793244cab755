"""A player of short audio for notebooks: an `<audio>` element that holds a WAV file."""

from __future__ import annotations

import base64
import struct
from html import escape
from typing import TYPE_CHECKING

from remotemedia._values import numpy

if TYPE_CHECKING:
    from remotemedia._values import Audio

MOST_SECONDS = 60
"""Longer clips would make a notebook heavy: they are only described."""
MOST_CHANNELS, MOST_RATE = 8, 384_000
"""What browsers play."""


def player_of(audio: Audio) -> str:
    """Return HTML: a player, or the description of what is too long or empty to be played."""
    text = escape(repr(audio))
    is_playable = audio.channels <= MOST_CHANNELS and audio.sample_rate <= MOST_RATE
    if not (is_playable and 0 < audio.duration <= MOST_SECONDS):
        return f"<code>{text}</code>"
    data = base64.b64encode(_wav(audio)).decode("ascii")
    source = f"data:audio/wav;base64,{data}"
    return f'<audio controls title="{text}" src="{source}"></audio><br><code>{text}</code>'


def _wav(audio: Audio) -> bytes:
    """Return a WAV file of 16 bits; what is out of range is clipped, NaN is silent."""
    np = numpy()
    loud = np.nan_to_num(audio.samples.T, nan=0.0)
    samples: bytes = np.clip(np.rint(loud * 32768.0), -32768, 32767).astype("<i2").tobytes()
    width = 2 * audio.channels
    form = struct.pack("<HHIIHH", 1, audio.channels, audio.sample_rate,
                       audio.sample_rate * width, width, 16)  # fmt: skip
    size = 4 + 8 + len(form) + 8 + len(samples)
    head = struct.pack("<4sI4s4sI", b"RIFF", size, b"WAVE", b"fmt ", len(form))
    return head + form + struct.pack("<4sI", b"data", len(samples)) + samples
