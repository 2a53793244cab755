"""The resampler against tones and impulses. Each tolerance says what it would miss."""

import math

import numpy as np
import pytest
from segments import run_chain

from remotemedia import Audio, NodeError
from remotemedia.nodes._resampler import PASS_BANDS, Filter, Stream

RATES = [(48000, 16000), (44100, 16000), (16000, 44100), (44101, 16000), (8000, 48000)]


def whole(source, target, samples, chunk=None, quality="high"):
    """Resample `(channels, frames)` in pieces of `chunk` frames."""
    stream = Stream(Filter(source, target, PASS_BANDS[quality]), len(samples))
    chunk = chunk or max(1, samples.shape[1])
    pieces = [
        stream.process(samples[:, at : at + chunk]) for at in range(0, samples.shape[1], chunk)
    ]
    return np.concatenate([*pieces, stream.flush()], axis=1)


def sine(rate, hertz, frames):
    return np.sin(2 * np.pi * hertz * np.arange(frames) / rate).astype(np.float32)[np.newaxis]


@pytest.mark.parametrize(("source", "target"), RATES)
@pytest.mark.parametrize("frames", [0, 1, 2, 7, 441, 4800])
def test_the_length_is_exact_and_pieces_do_not_matter(source, target, frames):
    samples = sine(source, 440, frames)
    expected = whole(source, target, samples)
    assert expected.shape == (1, -(-frames * target // source))
    for chunk in (1, 160, 441) if frames < 1000 else (999,):
        np.testing.assert_allclose(whole(source, target, samples, chunk), expected, atol=3e-7)


@pytest.mark.parametrize(("source", "target"), RATES)
def test_a_tone_stays_the_same_tone_at_the_same_time(source, target):
    output = whole(source, target, sine(source, 1000, source // 4))[0]
    expected = sine(target, 1000, len(output))[0]
    middle = slice(len(output) // 4, len(output) * 3 // 4)
    # A shift by a tenth of a frame would be 0.01 to 0.04.
    assert np.abs(output - expected)[middle].max() < 5e-6


def test_an_impulse_lands_at_its_place():
    samples = np.zeros((1, 4800), np.float32)
    samples[0, 2400] = 1
    output = whole(48000, 16000, samples, 480)[0]
    assert output.argmax() == 800
    assert abs(output[799] - output[801]) < 1e-7


@pytest.mark.parametrize("quality", ["low", "medium", "high"])
@pytest.mark.parametrize("chunk", [None, 480])
def test_what_lies_above_the_target_is_gone(quality, chunk):
    output = whole(48000, 16000, sine(48000, 8050, 12000), chunk, quality)[0]
    middle = output[len(output) // 4 : len(output) * 3 // 4]
    assert math.sqrt((middle**2).mean()) < 1e-6


@pytest.mark.parametrize("quality", ["low", "medium", "high"])
@pytest.mark.parametrize(
    ("source", "target"), [*RATES, (22050, 16000), (192000, 8000), (7000, 1000)]
)
def test_blocks_and_single_outputs_agree(source, target, quality):
    noise = np.random.default_rng(0).uniform(-1, 1, (2, 30000)).astype(np.float32)
    # Chunks this short never fill a block.
    outputs = [whole(source, target, noise, chunk, quality) for chunk in (None, 7001, 160)]
    for output in outputs[1:]:
        np.testing.assert_allclose(output, outputs[0], atol=1e-6)


def test_channels_stay_apart():
    tone = sine(48000, 1000, 4800)
    output = whole(48000, 16000, np.concatenate([tone, 0 * tone]))
    assert np.abs(output[1]).max() == 0
    assert np.abs(output[0]).max() > 0.9


def test_constants_stay_what_they_are():
    output = whole(44101, 16000, np.ones((1, 20000), np.float32))[0]
    assert np.abs(output[1000:-1000] - 1).max() < 1e-6


def resample(items, **params):
    return run_chain([("AudioResampleNode", params)], items)


def joined(outputs):
    return np.concatenate([audio.samples for audio in outputs], axis=1)


def test_timestamps_follow():
    tone = sine(48000, 440, 4800)[0]
    items = [Audio(tone[:2400], 48000, 2.0), Audio(tone[2400:], 48000)]
    outputs = resample(items)
    ends = 2.0
    for audio in outputs:
        assert audio.sample_rate == 16000
        assert audio.timestamp == pytest.approx(ends, abs=1e-9)
        ends += audio.duration
    expected = whole(48000, 16000, tone[np.newaxis])
    np.testing.assert_allclose(joined(outputs), expected, atol=1e-6)
    assert all(audio.timestamp is None for audio in resample([Audio(tone, 48000)]))


def test_a_gap_flushes_and_starts_anew():
    tone = sine(48000, 440, 4800)[0]
    outputs = resample([Audio(tone, 48000, 0.0), Audio(tone, 48000, 5.0)])
    alone = whole(48000, 16000, tone[np.newaxis])
    np.testing.assert_array_equal(joined(outputs), np.concatenate([alone, alone], axis=1))
    starts = [audio.timestamp for audio in outputs]
    assert 5.0 in starts
    assert starts == sorted(starts)


def test_another_rate_or_number_of_channels_starts_anew():
    mono, other = Audio(np.zeros(4800), 48000), Audio(np.zeros(4410), 44100)
    outputs = resample([mono, other, Audio(np.zeros((2, 4410)), 44100)])
    frames = {1: 0, 2: 0}
    for audio in outputs:
        frames[audio.channels] += audio.frames
    assert frames == {1: 3200, 2: 1600}


def test_equal_rates_pass_through():
    audio = Audio([0.5, 0.25], 16000, 1.0)
    assert resample([audio]) == [audio]


@pytest.mark.parametrize(
    "item",
    [Audio([np.nan], 8000), Audio([np.inf], 8000), Audio([0.0], 999), Audio([0.0], 768_001)],
)
def test_what_is_refused(item):
    with pytest.raises(NodeError):
        resample([item])
