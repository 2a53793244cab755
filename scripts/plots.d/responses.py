"""Plots of what filters and gains do, measured with impulses and a tone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from run_node import filtered, run_node
from svg import Axis, Plot

from remotemedia import Audio

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST = 1e-12
STOP_BINS = 34
BIQUADS = ("lowpass", "highpass", "bandpass", "notch")
BIQUADS_WITH_GAIN = ("peaking", "lowshelf", "highshelf")


def resampler() -> str:
    """Plot what is left of each frequency when 48 kHz become 16 kHz.

    The three outputs for impulses at frames p, p + 1, p + 2, interleaved, are the whole filter. In
    the stop band it shows the greatest value of every 50 Hz.
    """
    source, target, length, at = 48000, 16000, 6000, 3000
    ratio = source // target
    size = 1 << 15
    hertz = np.fft.rfftfreq(size, 1 / source)
    stop = int(np.searchsorted(hertz, target / 2))
    stop_hertz, stop_kept = hertz[stop:], (len(hertz) - stop) // STOP_BINS * STOP_BINS
    hertz = np.concatenate([hertz[:stop], stop_hertz[:stop_kept:STOP_BINS]])
    frequencies = Axis("frequency in kHz", 0, 24, range(0, 25, 2))
    plot = Plot(
        "AudioResampleNode, 48 → 16 kHz",
        frequencies,
        Axis("gain in dB", -160, 10, range(-160, 1, 20)),
    )
    for quality in ("high", "medium", "low"):
        response = np.zeros(length + ratio)
        for phase in range(ratio):
            impulse = np.zeros(length, np.float32)
            impulse[at + phase] = 1
            params = {"target_sample_rate": target, "quality": quality}
            output = filtered("AudioResampleNode", params, impulse, source)
            response[ratio - phase :: ratio][: len(output)] = output
        gains = np.abs(np.fft.rfft(response, size))
        in_stop_band = gains[stop : stop + stop_kept].reshape(-1, STOP_BINS).max(axis=1)
        gains = np.concatenate([gains[:stop], in_stop_band])
        plot.line((hertz / 1000).tolist(), decibels(gains), quality)
    return plot.drawing()


def biquads() -> str:
    """Plot the filters without a gain of their own."""
    return _biquads("BiquadFilterNode at 1 kHz, q 0.7", BIQUADS, -48, 6, 0.0)


def biquads_with_gain() -> str:
    """Plot the filters that have a gain."""
    return _biquads("BiquadFilterNode at 1 kHz, q 0.7, 12 dB", BIQUADS_WITH_GAIN, -3, 15, 12.0)


def _biquads(title: str, types: tuple[str, ...], low: int, high: int, gain_db: float) -> str:
    rate, length = 48000, 1 << 15
    ticks = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000)
    step = 3 if high - low < 20 else 6  # noqa: PLR2004
    levels = Axis("gain in dB", low, high, range(low, high + 1, step))
    plot = Plot(title, Axis("frequency in Hz", 20, 20000, ticks, is_log=True), levels)
    impulse = np.zeros(length, np.float32)
    impulse[0] = 1
    frequencies = np.fft.rfftfreq(length, 1 / rate)
    shown = (frequencies >= 20) & (frequencies <= 20000)  # noqa: PLR2004
    for name in types:
        params = {"filter_type": name, "gain_db": gain_db}
        gains = np.abs(np.fft.rfft(filtered("BiquadFilterNode", params, impulse, rate)))
        plot.line(frequencies[shown].tolist(), decibels(gains[shown]), name)
    return plot.drawing()


def gain_ramp() -> str:
    """Plot a tone that becomes quieter at 20 ms, with the default ramp of 10 ms."""
    rate, half = 48000, 960
    milliseconds = np.arange(2 * half) * 1000 / rate
    tone = np.sin(2 * np.pi * 400 * milliseconds / 1000).astype(np.float32)
    first, second = (Audio(part[np.newaxis], rate) for part in (tone[:half], tone[half:]))
    outputs = run_node("GainNode", {}, [first, {"audio": second, "gain_db": -12}])
    samples = np.concatenate([output.samples[0] for output in outputs])
    plot = Plot(
        "GainNode: 0 → −12 dB at 20 ms, ramp_ms 10",
        Axis("time in ms", 0, 40, range(0, 41, 5)),
        Axis("sample", -1, 1, (-1, -0.5, 0, 0.5, 1)),
        height=260,
    )
    plot.line(milliseconds.tolist(), samples.tolist())
    return plot.drawing()


def decibels(gains: NDArray[np.float64]) -> list[float]:
    """Return 20·log₁₀, without infinities."""
    return [20 * math.log10(max(gain, LEAST)) for gain in gains.tolist()]
