"""Writes data/strings.wav: a guitar's A and G string, the second 20 cents too high, and silence.

usage: python make_strings.py
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

RATE = 8000
FRAMES = 2048


def string(frequency: float) -> np.ndarray:
    """Return a plucked string: five partials, the higher the sooner gone."""
    times = np.arange(FRAMES) / RATE
    partials = [
        np.sin(2 * np.pi * k * frequency * times) * np.exp(-4 * k * times) / k for k in range(1, 6)
    ]
    return 0.4 * np.sum(partials, axis=0)


def main() -> None:
    """Write the file."""
    sound = np.concatenate([string(110), string(195.998 * 2 ** (20 / 1200)), np.zeros(FRAMES)])
    target = Path(__file__).parent / "data" / "strings.wav"
    with wave.open(str(target), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.rint(sound * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
