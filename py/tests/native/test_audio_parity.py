"""The audio nodes of both languages agree within the tolerance of docs/nodes."""

from itertools import pairwise

import numpy as np
import pytest
from segments import chain
from vectors import difference

from remotemedia import Audio, NodeError, Pipeline

RATES = [
    (48000, 16000),
    (44100, 16000),
    (16000, 44100),
    (44101, 16000),
    (8000, 96000),
    (96000, 8000),
]


def both(specs, items):
    return [
        Pipeline.from_manifest(chain(specs), runtime_hint=hint).run_sync(items)
        for hint in ("rust", "python")
    ]


def noise(frames, channels=1, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (channels, frames)).astype(np.float32)


@pytest.mark.parametrize("quality", ["low", "medium", "high"])
@pytest.mark.parametrize(("source", "target"), RATES)
def test_resampling(source, target, quality):
    samples = noise(5000, channels=2)
    cuts = [0, 1, 400, 401, 2500, 5000]
    items = [
        Audio(samples[:, a:b], source, 1.0 + a / source if b > 401 else None)
        for a, b in pairwise(cuts)
    ]
    node = ("AudioResampleNode", {"target_sample_rate": target, "quality": quality})
    rust, python = both([node], items)
    assert len(rust) > 1
    assert difference(rust, python, 2e-6) is None


@pytest.mark.parametrize(
    ("source", "target"), [(48000, 16000), (44100, 16000), (32000, 44100), (8000, 16000)]
)
def test_resampling_long_items(source, target):
    samples = noise(90_000)
    items = [Audio(samples[:, :60_000], source), Audio(samples[:, 60_000:], source)]
    rust, python = both([("AudioResampleNode", {"target_sample_rate": target})], items)
    assert difference(rust, python, 2e-6) is None


def test_gaps_and_changes_of_format():
    items = [
        Audio(noise(1000), 48000, 0.0),
        Audio(noise(1000), 48000, 0.5),
        Audio(noise(1000), 48000),
        Audio(noise(1000, 2), 48000),
        Audio(noise(1000, 2), 44100),
        Audio(noise(1000), 16000, 3.0),
        Audio(noise(1000), 16000, 9.0),
        Audio(noise(0), 16000),
        Audio(noise(1000), 48000, 20.0),
    ]
    rust, python = both([("AudioResampleNode", {})], items)
    assert difference(rust, python, 2e-6) is None
    rust, python = both([("VADNode", {"frame_duration_ms": 7, "hang_over_ms": 20})], items)
    assert difference(rust, python, 1e-12) is None


def test_vad_on_noise_of_any_level():
    levels = np.repeat(np.random.default_rng(1).uniform(0, 0.08, 100), 160)
    samples = noise(16000)[0] * levels.astype(np.float32)
    items = [Audio(samples[a : a + 777], 16000) for a in range(0, 16000, 777)]
    rust, python = both([("VADNode", {"frame_duration_ms": 10})], items)
    assert difference(rust, python, 1e-12) is None
    flags = np.concatenate([item["flags"] for item in rust])
    assert 0.2 < flags.mean() < 0.8


def pieces(samples, rate, seed, count=20, timestamp=None):
    """Cut samples at random places, some pieces empty."""
    cuts = [0, *sorted(np.random.default_rng(seed).integers(0, samples.shape[1], count)), None]
    parts = [samples[:, a:b] for a, b in pairwise(cuts)]
    return [Audio(part, rate, timestamp if i == 0 else None) for i, part in enumerate(parts)]


EDGES = [
    Audio(noise(1), 16000, 0.0),
    Audio(noise(0), 16000),
    Audio(np.zeros((1, 1001)), 16000),
    Audio(np.full((1, 999), 0.25), 16000),
    Audio(-np.zeros((1, 3)), 16000, 7.0),
    Audio(noise(17, channels=3), 16000),
    Audio(noise(0, channels=2), 8000),
    Audio(noise(33, channels=6) * 3, 8000, 1.5),
    [noise(5, channels=2), 44100],
    {"data": [0.5, -0.5, 1.0, 2.0], "sample_rate": 8000, "channels": 2},
    {"audio": noise(7)[0]},
    np.array([[1, -32768, 32767]], np.int16),
    np.array([2**31 - 1, -(2**31), 98304, -98304, 32768], np.int32),
]
"""One frame, empty audio, silence, DC, -0.0, channels, gaps, rates, and the earlier forms."""


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        *(("AudioChannelsNode", {"channels": channels}) for channels in (1, 2, 3, 6, 7)),
        *(("FormatConverterNode", {"target_format": name}) for name in ("f32", "i16", "i32")),
        ("AudioChunkerNode", {}),
        ("AudioChunkerNode", {"chunk_size": 100, "hop": 30}),
        ("AudioChunkerNode", {"chunk_size": 30, "hop": 100, "pad": False}),
        ("AudioChunkerNode", {"chunk_size": 1}),
        ("VADNode", {"frame_duration_ms": 1, "energy_threshold": 0.3, "release_threshold": 0.1}),
    ],
)
def test_edges(kind, params):
    rust, python = both([(kind, {"input_sample_rate": 16000} | params)], EDGES)
    assert len(rust) > 1
    assert difference(rust, python, 1e-12 if kind == "VADNode" else 0) is None


@pytest.mark.parametrize(("size", "hop"), [(512, 512), (400, 160), (160, 400), (3000, 1)])
def test_chunks_of_pieces(size, hop):
    items = pieces(noise(2500, channels=2), 16000, size, timestamp=3.0)
    rust, python = both([("AudioChunkerNode", {"chunk_size": size, "hop": hop})], items)
    assert difference(rust, python) is None


def test_vad_with_two_thresholds():
    levels = np.repeat(np.random.default_rng(5).uniform(0, 0.5, 300), 80).astype(np.float32)
    items = pieces(noise(24000, channels=2) * levels, 8000, 6, timestamp=0.5)
    params = {
        "frame_duration_ms": 10, "energy_threshold": 0.15, "release_threshold": 0.05,
        "hang_over_ms": 20,
    }  # fmt: skip
    rust, python = both([("VADNode", params)], items)
    assert difference(rust, python, 1e-12) is None
    flags = np.concatenate([item["flags"] for item in rust])
    assert 0.1 < flags.mean() < 0.9


@pytest.mark.parametrize("name", ["pcm8", "pcm16", "pcm24", "pcm32", "float32", "float64"])
def test_wav_files_in_pieces(name):
    rate, samples = 44100, noise(1000, channels=3) * 0.99
    encode = Pipeline.from_manifest(chain([("WavEncodeNode", {"format": name})]))
    file = encode.run_sync([Audio(samples, rate)])[0]
    cuts = [0, *sorted(np.random.default_rng(1).integers(0, len(file), 30)), len(file)]
    portions = [file[a:b] for a, b in pairwise(cuts)]
    rust, python = both([("WavDecodeNode", {"streaming": True})], portions)
    assert difference(rust, python) is None
    whole = both([("WavDecodeNode", {})], [file])
    assert difference(*whole) is None
    step = {"pcm8": 2**-7, "pcm16": 2**-15, "float32": 0, "float64": 0}.get(name, 2**-23)
    joined = np.concatenate([part.samples for part in python], axis=1)
    assert np.abs(joined - samples).max() <= step / 2
    assert np.array_equal(joined, whole[0][0].samples)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("kind", ["AudioChannelsNode", "AudioChunkerNode", "VADNode"])
def test_what_is_no_sample_is_refused_by_both(kind, bad):
    for hint in ("rust", "python"):
        pipeline = Pipeline.from_manifest(chain([(kind, {})]), runtime_hint=hint)
        with pytest.raises(NodeError, match="channel 1, frame 2"):
            pipeline.run_sync([Audio([[0, 0, 0, 0], [0, 0, bad, 0]], 16000)])
