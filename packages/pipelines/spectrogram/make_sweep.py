"""Writes data/sweep.wav: a tone that rises from 200 Hz to 7 kHz, with a little noise.

usage: python make_sweep.py
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

RATE = 44100
SECONDS = 0.25
LOW, HIGH = 200, 7000


def sweep() -> bytes:
    """Return the samples as 16-bit PCM."""
    times = np.arange(int(RATE * SECONDS)) / RATE
    growth = np.log(HIGH / LOW) / SECONDS
    tone = 0.5 * np.sin(2 * np.pi * LOW * np.expm1(growth * times) / growth)
    noise = np.random.default_rng(0).normal(0, 0.005, len(times))
    return np.rint((tone + noise) * 32767).astype("<i2").tobytes()


def main() -> None:
    """Write the file."""
    target = Path(__file__).parent / "data" / "sweep.wav"
    with wave.open(str(target), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(sweep())


if __name__ == "__main__":
    main()
