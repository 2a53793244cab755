"""Writes data/chord.wav: a fifth that is struck and fades, half a second of 16-bit PCM at 8 kHz."""

import math
import struct
import wave
from pathlib import Path

RATE = 8000


def sample(n: int) -> int:
    """Return a sample: 220 Hz and 330 Hz, full scale at most, halved every 0.15 s."""
    time = n / RATE
    tone = math.sin(2 * math.pi * 220 * time) + math.sin(2 * math.pi * 330 * time)
    return round(32767 * 0.5 * tone * 0.5 ** (time / 0.15))


path = Path(__file__).parent / "data" / "chord.wav"
with wave.open(str(path), "wb") as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(RATE)
    file.writeframes(b"".join(struct.pack("<h", sample(n)) for n in range(RATE // 2)))
