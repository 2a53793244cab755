"""The audio nodes of both languages agree within the tolerance of docs/nodes.md."""

from itertools import pairwise

import numpy as np
import pytest
from segments import chain
from vectors import difference

from remotemedia import Audio, Pipeline

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
