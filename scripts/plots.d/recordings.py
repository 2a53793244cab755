"""Plots of what nodes find in recorded speech."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
from png import png
from run_node import Samples, run_node
from svg import Axis, Plot

from remotemedia import Audio

RECORDING = Path("packages/pipelines/voice-gate/data/sense_and_sensibility_01_austen_64kb-0880.wav")
MARGIN = 1.0
"""Seconds without speech before and after the recording, where there is noise."""


def recording() -> Any:
    """Return the recording."""
    (audio,) = run_node("WavDecodeNode", {}, [RECORDING.read_bytes()])
    return audio


def vad() -> str:
    """Plot the recording and the frames that VADNode calls speech."""
    audio = recording()
    (found,) = run_node("VADNode", {"hang_over_ms": 90}, [audio])
    plot = _waveform("VADNode on recorded speech, hang_over_ms 90: the bar is speech", audio)
    _marks(plot, found, 0)
    return plot.drawing()


def spectral_vad() -> str:
    """Plot the recording in white noise and the frames that SpectralVADNode calls speech."""
    audio = recording()
    rest = round(MARGIN * audio.sample_rate)
    padded = np.pad(audio.samples, ((0, 0), (rest, rest)))
    noise = np.random.default_rng(1).normal(0, 0.02, padded.shape)
    noisy = Audio((padded + noise).astype(np.float32), audio.sample_rate)
    (found,) = run_node("SpectralVADNode", {}, [noisy])
    plot = _waveform("SpectralVADNode on speech in white noise: the bar is speech", noisy)
    _marks(plot, found, 1)
    return plot.drawing()


def spectrogram() -> str:
    """Plot the recording's spectrogram, from −80 dB (dark) to its loudest value."""
    parts = run_node("SpectrogramNode", {"n_fft": 256, "scale": "decibels"}, [recording()])
    values = _joined(parts, "spectrogram")
    hertz = Axis("frequency in kHz", 0, 8, range(0, 9, 2))
    return _picture("SpectrogramNode, n_fft 256: 80 dB from dark to light", values, hertz, 80)


def log_mel() -> str:
    """Plot the recording's log-mel spectrogram, over all the 2 that its values span."""
    values = _joined(run_node("LogMelNode", {}, [recording()]), "log_mel")
    bands = Axis("mel band", 0, len(values), range(0, 81, 20))
    return _picture("LogMelNode: 80 bands, as Whisper takes them", values, bands, 2)


def _joined(parts: list[Any], name: str) -> Samples:
    values: Samples = np.concatenate([part[name] for part in parts], axis=1)
    return values


def _picture(title: str, values: Samples, y: Axis, span: float) -> str:
    plot = Plot(title, _time(values.shape[1] / 100), y, height=280)
    loudest = float(values.max())
    plot.image(png(values, loudest - span, loudest))
    return plot.drawing()


def _waveform(title: str, audio: Any) -> Plot:
    samples = cast("Samples", audio.samples[0])
    height = 0.6
    time = _time(samples.size / audio.sample_rate)
    plot = Plot(title, time, Axis("sample", -height, height, (-0.5, 0, 0.5)), height=240)
    size = audio.sample_rate // 200
    columns = samples[: len(samples) // size * size].reshape(-1, size)
    times = (np.arange(len(columns)) * size / audio.sample_rate).tolist()
    low, high = columns.min(axis=1), columns.max(axis=1)
    plot.band(low.tolist(), high.tolist(), times)
    return plot


def _time(seconds: float) -> Axis:
    return Axis("time in s", 0, seconds, np.arange(0, seconds + 0.01, 0.5).tolist())


def _marks(plot: Plot, found: Any, colour: int) -> None:
    """Draw a bar over each run of frames that are speech."""
    flags = np.concatenate([[False], found["flags"], [False]])
    edges = np.flatnonzero(flags[1:] != flags[:-1])
    for start, end in edges.reshape(-1, 2) * found["frame_s"] + found["start_s"]:
        plot.mark(float(start), min(float(end), plot.x.high), 0.5, colour)
