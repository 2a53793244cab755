"""The pitch of a sound, from its autocorrelation.

The normalised square difference of McLeod and Wyvill, "A smarter way to find pitch", 2005.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

CLEAR = 0.8
"""How well a sound must repeat itself to have a pitch; noise stays far below, a string near 1."""


def pitch(samples: Array, sample_rate: int, lowest: float) -> float | None:
    """Return the frequency in hertz of `(frames,)` float samples, None if they have none.

    `lowest` is the lowest frequency that is looked for; the samples must hold two of its periods.
    """
    likeness = _likeness(samples.astype(np.float64), int(sample_rate / lowest) + 2)
    # Every sound is like itself unmoved: the first peak comes after the first dip below zero.
    below = np.flatnonzero(likeness < 0)
    if len(below) == 0:
        return None
    rest = likeness[below[0] :]
    best = rest.max()
    if best < CLEAR:
        return None
    # The first of nearly equal peaks: later ones are multiples of the period.
    near = np.flatnonzero(
        (rest[1:-1] > 0.9 * best) & (rest[1:-1] >= rest[:-2]) & (rest[1:-1] > rest[2:])
    )
    if len(near) == 0:
        return None
    return sample_rate / _top(likeness, below[0] + 1 + int(near[0]))


def _likeness(x: Array, lags: int) -> Array:
    """Return how like the sound is to itself, moved by 0, 1, … frames: from -1 to 1."""
    frames = len(x)
    lags = min(lags, frames // 2)
    size = 1 << (2 * frames - 1).bit_length()
    spectrum = np.fft.rfft(x, size)
    products = np.fft.irfft(spectrum * spectrum.conj(), size)[:lags]
    power = np.concatenate(([0.0], np.cumsum(x * x)))
    moved = np.arange(lags)
    energy = power[frames - moved] + power[frames] - power[moved]
    return 2 * products / np.maximum(energy, 1e-12)


def _top(values: Array, at: int) -> float:
    """Return where the parabola through three values has its top."""
    before, here, after = values[at - 1 : at + 2]
    bend = before - 2 * here + after
    return at + (before - after) / (2 * bend) if bend else at
