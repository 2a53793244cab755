"""Resampling by a direct polyphase filter, as docs/nodes.md defines it to the coefficient.

J. O. Smith, "Digital Audio Resampling"; J. F. Kaiser and R. W. Schafer, "On the use of the I0-sinh
window for spectrum analysis" (1980). The Rust node builds the same filter.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

MAX_PHASES = 1024
MAX_COEFFICIENTS = 2**20

_BLOCK = 1024
"""Output frames that are computed at once, so that memory stays small."""


class Quality(NamedTuple):
    """End of the pass band as a part of the lower Nyquist frequency; attenuation in dB."""

    pass_band: float
    attenuation: float


QUALITIES = {
    "low": Quality(0.75, 80.0),
    "medium": Quality(0.85, 100.0),
    "high": Quality(0.91, 120.0),
}


class Filter:
    """Rows of coefficients, one for each phase: a fractional position between source frames.

    Output frame k stands at source position k · `m` / `l`. A row has `2 * half` coefficients.
    """

    def __init__(self, source: int, target: int, quality: Quality) -> None:
        divisor = math.gcd(source, target)
        self.l, self.m = target // divisor, source // divisor
        ratio = min(1.0, self.l / self.m)
        cutoff = ratio * (1 + quality.pass_band) / 4
        transition = ratio * (1 - quality.pass_band) / 2
        width = (quality.attenuation - 7.95) / (2.285 * 2 * math.pi * transition)
        self.half = math.ceil(width / 2)
        self._interpolated = self.l > MAX_PHASES or self.l * 2 * self.half > MAX_COEFFICIENTS
        self._phases = math.ceil(MAX_PHASES * ratio) if self._interpolated else self.l
        phases = np.arange(self._phases + self._interpolated)[:, np.newaxis] / self._phases
        offsets = np.arange(2 * self.half) + 1.0 - self.half
        beta = 0.1102 * (quality.attenuation - 8.7)
        rows = impulse_response(offsets - phases, cutoff, self.half, beta)
        self._rows = (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)

    def apply(self, windows: Any, numerators: Any) -> Any:
        """Return one output per window of `2 * half` frames, at the phases `numerators` / `l`."""
        if not self._interpolated:
            return _dot(windows, self._rows[numerators])
        position = numerators / self.l * self._phases
        low = position.astype(np.int64)
        weight = (position - low).astype(np.float32)
        before = _dot(windows, self._rows[low])
        return before + weight * (_dot(windows, self._rows[low + 1]) - before)


def _dot(windows: Any, rows: Any) -> Any:
    return np.einsum("nt,nt->n", windows, rows, dtype=np.float64).astype(np.float32)


def impulse_response(time: Any, cutoff: float, half: int, beta: float) -> Any:
    """Return the Kaiser-windowed sinc at times in source frames; `cutoff` in cycles per frame."""
    inside = np.sqrt(np.maximum(0.0, 1 - (time / half) ** 2))
    window = np.i0(beta * inside) / np.i0(beta)
    return np.where(np.abs(time) < half, np.sinc(2 * cutoff * time) * window, 0.0)


class Stream:
    """Resamples one stream in pieces of any length; silence lies before and after it."""

    def __init__(self, design: Filter, channels: int) -> None:
        self._filter = design
        self._start = 1 - design.half
        """Source index of the first frame in `_history`."""
        self._history = np.zeros((channels, design.half - 1), np.float32)
        self._received = 0
        self.given = 0
        """Output frames so far."""

    def process(self, samples: Any) -> Any:
        """Take `(channels, frames)` and return the output frames that they complete."""
        self._history = np.concatenate([self._history, samples], axis=1)
        self._received += samples.shape[1]
        return self._output(self._received - self._filter.half)

    def flush(self) -> Any:
        """Return the rest: in all there are ceil(received · l / m) output frames."""
        self._history = np.pad(self._history, ((0, 0), (0, self._filter.half)))
        return self._output(self._received)

    def _output(self, end: int) -> Any:
        """Return all further outputs whose source index is below `end`."""
        design = self._filter
        # Output k has the index k · m // l, so k · m < end · l.
        stop = max(self.given, -(-end * design.l // design.m))
        pieces = [
            self._block(first, min(first + _BLOCK, stop))
            for first in range(self.given, stop, _BLOCK)
        ]
        self.given = stop
        needed = min(stop * design.m // design.l + 1 - design.half, self._received)
        self._history = self._history[:, max(0, needed - self._start) :]
        self._start = max(self._start, needed)
        empty = np.zeros((len(self._history), 0), np.float32)
        return np.concatenate([empty, *pieces], axis=1)

    def _block(self, first: int, stop: int) -> Any:
        design = self._filter
        positions = np.arange(first, stop, dtype=np.int64) * design.m
        numerators = positions % design.l
        starts = positions // design.l + 1 - design.half - self._start
        windows = np.lib.stride_tricks.sliding_window_view(self._history, 2 * design.half, axis=1)
        return np.stack([design.apply(channel[starts], numerators) for channel in windows])
