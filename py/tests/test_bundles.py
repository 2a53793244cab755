"""The example bundles give what their READMEs say, and voice-gate keeps its promises."""

import importlib.util
import io
import json
import sys
import wave

import numpy as np
import pytest
from bundles import BUNDLES, IN_PYTHON, NAMES, check_readme

from remotemedia import Package, Pipeline
from remotemedia._package import pack

VOICE_GATE = BUNDLES / "voice-gate"
RECORDINGS = sorted((VOICE_GATE / "data").glob("*.wav"))


def test_every_example_is_tested():
    assert NAMES == [
        "calculator",
        "level-meter",
        "live-voice",
        "log-mel",
        "mixed",
        "soft-clip",
        "spectrogram",
        "text-processor",
        "tuner",
        "voice-gate",
    ]
    assert set(IN_PYTHON) < set(NAMES)


@pytest.mark.parametrize("name", IN_PYTHON)
def test_the_readme_is_right(name):
    check_readme(name, "python")


HAS_WASMTIME = sys.platform != "emscripten"
"""Modules of Rust nodes are asked what they are."""


@pytest.mark.parametrize(
    "name", [n for n in NAMES if HAS_WASMTIME or not (BUNDLES / n / "modules").is_dir()]
)
def test_packing_is_reproducible(name):
    assert pack(BUNDLES / name / "manifest.json") == pack(BUNDLES / name / "manifest.json")
    assert Package.load(pack(BUNDLES / name / "manifest.json")).metadata["package_name"] == name


# --- voice-gate: checked against energies that this test computes itself ------------------------


def samples(recording):
    with wave.open(io.BytesIO(recording)) as file:
        assert file.getparams()[:3] == (1, 2, 16000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


def with_samples(values):
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setparams((1, 2, 16000, len(values), "NONE", ""))
        file.writeframes((values * 32768).astype("<i2").tobytes())
    return target.getvalue()


def segments(recording):
    manifest = json.loads((VOICE_GATE / "manifest.json").read_text())
    (found,) = Pipeline.from_manifest(manifest, runtime_hint="python").run_sync([recording])
    return [(segment["start_s"], segment["end_s"]) for segment in found]


def frame_levels(values):
    frames = values[: len(values) // 480 * 480].reshape(-1, 480)
    return np.sqrt((frames**2).mean(axis=1))


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem[-4:])
def test_speech_is_inside_and_silence_outside(path):
    levels = frame_levels(samples(path.read_bytes()))
    middles = (np.arange(len(levels)) + 0.5) * 0.03
    found = segments(path.read_bytes())
    inside = np.array([any(start <= time < end for start, end in found) for time in middles])
    assert inside[levels > 0.02].mean() >= 0.8
    loud = np.flatnonzero(levels >= 0.01)
    distance = np.abs(np.arange(len(levels))[:, np.newaxis] - loud).min(axis=1) * 0.03
    quiet = (levels < 0.01) & (distance > 0.3)
    assert inside[quiet].sum() <= 0.1 * quiet.sum()


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem[-4:])
def test_a_second_of_silence_in_the_middle_is_one_segment_more(path):
    values = samples(path.read_bytes())
    half = len(values) // 2
    padded = np.concatenate([values[:half], np.zeros(16000), values[half:]])
    assert len(segments(with_samples(padded))) == len(segments(path.read_bytes())) + 1


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem[-4:])
def test_other_rates_give_the_same_segments(path):
    spec = importlib.util.spec_from_file_location("variants", VOICE_GATE / "make_variants.py")
    variants = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(variants)
    original = np.array(segments(path.read_bytes()))
    for rate, channels in variants.BALANCE.items():
        made = variants.variant(path.read_bytes(), rate)
        assert made == variants.variant(path.read_bytes(), rate)
        with wave.open(io.BytesIO(made)) as file:
            assert (file.getframerate(), file.getnchannels()) == (rate, len(channels))
        found = np.array(segments(made))
        assert found.shape == original.shape
        assert np.abs(found - original).max() <= 0.06
