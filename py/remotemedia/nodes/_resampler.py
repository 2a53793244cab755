"""Resampling by a polyphase filter: that of docs/nodes/AudioResampleNode.md, to the coefficient.

J. O. Smith, "Digital Audio Resampling"; J. F. Kaiser and R. W. Schafer, "On the use of the I0-sinh
window for spectrum analysis" (1980). Long inputs go through the frequency domain: S. Muramatsu and
H. Kiya, "Extended overlap-add and -save methods for multirate signal processing" (1997). The Rust
node does the same.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

MAX_PHASES = 1024
MAX_COEFFICIENTS = 2**20

_BLOCK = 1024
"""Output frames that are computed at once, so that memory stays small."""

_BATCH = 32
"""Blocks that are transformed at once, for the same reason."""


ATTENUATION = 135.0
"""Of the stop band, in dB."""

PASS_BANDS = {"low": 0.7, "medium": 0.85, "high": 0.912}
"""End of the pass band as a part of the lower Nyquist frequency, for each quality."""


class Filter:
    """Rows of coefficients, one for each phase: a fractional position between source frames.

    Output frame k stands at source position k · `m` / `l`. A row has `2 * half` coefficients.
    """

    def __init__(self, source: int, target: int, pass_band: float) -> None:
        divisor = math.gcd(source, target)
        self.l, self.m = target // divisor, source // divisor
        ratio = min(1.0, self.l / self.m)
        cutoff = ratio * (1 + pass_band) / 4
        transition = ratio * (1 - pass_band) / 2
        width = (ATTENUATION - 7.95) / (2.285 * 2 * math.pi * transition)
        self.half = math.ceil(width / 2)
        self._interpolated = self.l > MAX_PHASES or self.l * 2 * self.half > MAX_COEFFICIENTS
        self._phases = math.ceil(MAX_PHASES * ratio) if self._interpolated else self.l
        phases = np.arange(self._phases + self._interpolated)[:, np.newaxis] / self._phases
        offsets = np.arange(2 * self.half) + 1.0 - self.half
        beta = 0.1102 * (ATTENUATION - 8.7)
        rows = impulse_response(offsets - phases, cutoff, self.half, beta)
        self._rows = (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)
        self.blocks = None if self._interpolated else Blocks(self, rows[0, self.half - 1 :])

    def apply(self, windows: Any, numerators: Any) -> Any:
        """Return one output per window of `2 * half` frames, at the phases `numerators` / `l`."""
        if not self._interpolated:
            return _dot(windows, self._rows[numerators])
        position = numerators / self.l * self._phases
        low = position.astype(np.int64)
        weight = (position - low).astype(np.float32)
        before = _dot(windows, self._rows[low])
        return before + weight * (_dot(windows, self._rows[low + 1]) - before)


class Blocks:
    """The same filter for blocks of whole periods, by overlap-save in the frequency domain.

    Outputs differ by what the filter lets through above the lower Nyquist frequency: nothing here.
    """

    def __init__(self, design: Filter, right_half: Any) -> None:
        """Take the taps of phase 0 from the middle on."""
        periods = max(4, math.ceil(8 * design.half / design.m))
        self.source = periods * design.m
        """Source frames that a block reads."""
        self.lead = math.ceil((design.half - 1) / design.m) * design.m
        """Source frames before the place of its first output."""
        whole = (self.source - self.lead - design.half) // design.m
        self.step = whole * design.m
        self.outputs = whole * design.l
        self._target = periods * design.l
        self._first = self.lead // design.m * design.l
        taps = np.zeros(self.source)
        taps[: design.half] = right_half[: design.half]
        taps[-design.half + 1 :] = right_half[1 : design.half][::-1]
        bins = -(-min(self.source, self._target) // 2)
        self._response = np.fft.rfft(taps).real[:bins] / taps.sum() * (design.l / design.m)

    def apply(self, windows: Any) -> Any:
        """Return `outputs` frames for each window of `source` frames."""
        spectra = np.fft.rfft(windows.astype(np.float64))[..., : len(self._response)]
        result = np.fft.irfft(spectra * self._response, self._target)
        return result[..., self._first : self._first + self.outputs].astype(np.float32)


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
        middle, count = self._blocks(stop)
        pieces = self._direct(self.given, middle)
        if count and design.blocks:
            pieces += self._by_blocks(middle, count, design.blocks)
            middle += count * design.blocks.outputs
        pieces += self._direct(middle, stop)
        self.given = stop
        needed = min(stop * design.m // design.l + 1 - design.half, self._received)
        self._history = self._history[:, max(0, needed - self._start) :]
        self._start = max(self._start, needed)
        empty = np.zeros((len(self._history), 0), np.float32)
        return np.concatenate([empty, *pieces], axis=1)

    def _blocks(self, stop: int) -> tuple[int, int]:
        """Return the first output where blocks can start, and how many; without any, `stop`."""
        design, blocks = self._filter, self._filter.blocks
        if blocks is None:
            return stop, 0
        period = max(-(-self.given // design.l), -(-(self._start + blocks.lead) // design.m))
        first = period * design.l
        frames = self._start + self._history.shape[1] - (period * design.m - blocks.lead)
        fitting = (frames - blocks.source) // blocks.step + 1
        count = max(0, min(fitting, (stop - first) // blocks.outputs))
        return (first, count) if count else (stop, 0)

    def _by_blocks(self, first: int, count: int, blocks: Blocks) -> list[Any]:
        begin = first // self._filter.l * self._filter.m - blocks.lead - self._start
        made = []
        for at in range(0, count, _BATCH):
            history = self._history[:, begin + at * blocks.step :]
            channel, frame = history.strides
            # Not a view of all: with 32-bit addresses (Pyodide) it would be too large.
            windows = np.lib.stride_tricks.as_strided(
                history,
                (len(history), min(_BATCH, count - at), blocks.source),
                (channel, blocks.step * frame, frame),
                writeable=False,
            )
            made.append(blocks.apply(windows).reshape(len(windows), -1))
        return made

    def _direct(self, first: int, stop: int) -> list[Any]:
        return [self._outputs(at, min(at + _BLOCK, stop)) for at in range(first, stop, _BLOCK)]

    def _outputs(self, first: int, stop: int) -> Any:
        design = self._filter
        positions = np.arange(first, stop, dtype=np.int64) * design.m
        numerators = positions % design.l
        starts = positions // design.l + 1 - design.half - self._start
        length = 2 * design.half
        history = self._history[:, starts[0] : starts[-1] + length]
        windows = np.lib.stride_tricks.sliding_window_view(history, length, axis=1)
        starts -= starts[0]
        return np.stack([design.apply(channel[starts], numerators) for channel in windows])
