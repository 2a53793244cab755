"""Nodes that Rust implements, for pipelines in code. Written by scripts/generate."""

# ruff: noqa: E501 - texts of the catalog

from __future__ import annotations

from typing import Literal

from remotemedia._param import Param
from remotemedia._rust_node import RustNode


class AudioLevelNode(RustNode, category="audio"):
    """Measures RMS and peak of every channel."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("map",)}

    floor_db: float = Param(
        default=-120, doc="Levels below this, and silence, are given as this.", maximum=0, unit="dB"
    )
    input_sample_rate: int | None = Param(
        default=None, doc="Rate of bare tensors and lists.", minimum=1, unit="Hz"
    )


class BiquadFilterNode(RustNode, category="audio", stateful=True):
    """Filters audio with a second-order filter."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("audio",)}

    filter_type: Literal[
        "lowpass", "highpass", "bandpass", "notch", "peaking", "lowshelf", "highshelf"
    ] = Param(default="lowpass", doc="What the filter does; formulas of the Audio EQ Cookbook.")
    frequency: float = Param(
        default=1000,
        doc="Corner, centre or middle of the slope; below half the sample rate.",
        above=0,
        unit="Hz",
    )
    gain_db: float = Param(
        default=0,
        doc="Gain of peaking, lowshelf and highshelf.",
        minimum=-200,
        maximum=200,
        unit="dB",
    )
    input_sample_rate: int | None = Param(
        default=None, doc="Rate of bare tensors and lists.", minimum=1, unit="Hz"
    )
    q: float = Param(
        default=0.7071067811865476,
        doc="How sharp the filter is; the default is maximally flat.",
        maximum=1000,
        above=0,
    )


class ClippingDetectorNode(RustNode, category="audio", stateful=True):
    """Finds where audio is cut off at full scale."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("map",)}

    input_sample_rate: int | None = Param(
        default=None, doc="Rate of bare tensors and lists.", minimum=1, unit="Hz"
    )
    min_run: int = Param(
        default=3,
        doc="How many such samples must follow each other.",
        minimum=1,
        maximum=4294967295,
        unit="samples",
    )
    threshold: float = Param(
        default=0.99,
        doc="Magnitude from which on a sample may be clipped; full scale is 1.",
        above=0,
    )


class GainNode(RustNode, category="audio", stateful=True):
    """Makes audio louder or quieter; a new gain is reached in a ramp."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("audio",)}

    gain_db: float = Param(
        default=0,
        doc="Gain; an item {audio, gain_db} sets a new one.",
        minimum=-200,
        maximum=200,
        unit="dB",
    )
    input_sample_rate: int | None = Param(
        default=None, doc="Rate of bare tensors and lists.", minimum=1, unit="Hz"
    )
    ramp_ms: float = Param(
        default=10, doc="How long it takes from the gain so far to a new one.", minimum=0, unit="ms"
    )


class LogMelNode(RustNode, category="audio", stateful=True):
    """Gives the log-mel spectrogram that Whisper takes."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("map",)}

    hop_length: int = Param(
        default=160,
        doc="From the start of one frame to the start of the next.",
        minimum=1,
        maximum=1000000,
        unit="samples",
    )
    input_sample_rate: int | None = Param(
        default=None, doc="Rate of bare tensors and lists.", minimum=1, unit="Hz"
    )
    n_fft: int = Param(
        default=400,
        doc="Length of a frame, an even product of 2, 3, 5 and 7.",
        minimum=2,
        maximum=32768,
        unit="samples",
    )
    n_mels: int = Param(
        default=80, doc="Number of mel bands; 128 for Whisper large-v3.", minimum=1, maximum=1024
    )
    reference: Literal["stream", "item", "running"] = Param(
        default="stream",
        doc="What the loudest value is taken over: the whole stream, given at its end; each item by itself; or what came so far, given at once.",
    )
    sample_rate: int = Param(
        default=16000, doc="Rate that the audio must have.", minimum=1, maximum=768000, unit="Hz"
    )


class NormalizeNode(RustNode, category="audio"):
    """Brings each item to a peak or RMS."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("audio",)}

    input_sample_rate: int | None = Param(
        default=None, doc="Rate of bare tensors and lists.", minimum=1, unit="Hz"
    )
    mode: Literal["peak", "rms"] = Param(
        default="peak",
        doc="What is brought to target_db: the greatest magnitude, or the RMS of all channels.",
    )
    target_db: float = Param(
        default=-1,
        doc="Level of the output; full scale is 0.",
        minimum=-200,
        maximum=200,
        unit="dB",
    )


class SilenceDetectorNode(RustNode, category="audio", stateful=True):
    """Finds where audio is silent."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("map",)}

    input_sample_rate: int | None = Param(
        default=None, doc="Rate of bare tensors and lists.", minimum=1, unit="Hz"
    )
    min_duration_ms: float = Param(
        default=500, doc="How long all channels must be quiet to be silent.", minimum=0, unit="ms"
    )
    threshold_db: float = Param(
        default=-50,
        doc="Samples below this are quiet; full scale is 0.",
        minimum=-200,
        maximum=0,
        unit="dB",
    )


class SpectralVADNode(RustNode, category="audio", stateful=True):
    """Marks the frames whose spectrum stands out of the noise as speech does."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("map",)}

    frame_duration_ms: float = Param(
        default=30, doc="Length of a frame.", minimum=10, maximum=100, unit="ms"
    )
    hang_over_ms: float = Param(
        default=150, doc="How long speech goes on after its last such frame.", minimum=0, unit="ms"
    )
    input_sample_rate: int | None = Param(
        default=None, doc="Rate of bare tensors and lists.", minimum=1, unit="Hz"
    )
    noise_factor: float = Param(
        default=3, doc="How many times the usual ratio of the noise it must be, too.", minimum=0
    )
    release: float = Param(
        default=0.3,
        doc="The part of these above which speech lasts once it has begun.",
        minimum=0,
        maximum=1,
    )
    threshold: float = Param(
        default=0.3, doc="Least mean log-likelihood ratio with which speech begins.", above=0
    )


class SpectrogramNode(RustNode, category="audio", stateful=True):
    """Gives the power of overlapping frames at each frequency."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("map",)}

    centered: bool = Param(
        default=True,
        doc="Whether frame k is centred on sample k times hop_length, the signal mirrored at its ends.",
    )
    hop_length: int = Param(
        default=160,
        doc="From the start of one frame to the start of the next.",
        minimum=1,
        maximum=1000000,
        unit="samples",
    )
    input_sample_rate: int | None = Param(
        default=None, doc="Rate of bare tensors and lists.", minimum=1, unit="Hz"
    )
    n_fft: int = Param(
        default=512,
        doc="Length of a frame, an even product of 2, 3, 5 and 7.",
        minimum=2,
        maximum=32768,
        unit="samples",
    )
    scale: Literal["power", "magnitude", "decibels"] = Param(default="power", doc="Of the values.")
    window: Literal["hann", "rectangular"] = Param(
        default="hann", doc="What a frame is multiplied by."
    )


class WavEncodeNode(RustNode, category="audio", stateful=True):
    """Writes a stream of audio as one WAV file."""

    inputs = {"in": ("audio", "map", "list", "tensor")}
    outputs = {"out": ("bytes",)}

    format: Literal["pcm8", "pcm16", "pcm24", "pcm32", "float32", "float64"] = Param(
        default="pcm16", doc="How a sample is written."
    )
    input_sample_rate: int | None = Param(
        default=None, doc="Rate of bare tensors and lists.", minimum=1, unit="Hz"
    )
