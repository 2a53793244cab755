import numpy as np
import pytest

from remotemedia import Audio, NodeError
from remotemedia.nodes._audio_input import Clock, as_audio

AUDIO = Audio([0.5, -0.5], 8000, 1.0)


def test_audio_is_itself():
    assert as_audio(AUDIO) is AUDIO
    assert as_audio({"audio": AUDIO, "data": 1}) is AUDIO


def test_the_earlier_systems_object_is_interleaved():
    item = {"data": [16384, -32768, 0, 8192], "sample_rate": 8000.0, "channels": 2, "format": "I16"}
    assert as_audio(item) == Audio([[0.5, 0], [-1, 0.25]], 8000)
    assert as_audio({"data": np.array([2**30], np.int32), "sample_rate": 1}) == Audio([0.5], 1)
    floats = {"data": np.array([0.5], np.float32), "sample_rate": 1, "format": "I16"}
    assert as_audio(floats) == Audio([0.5], 1)


def test_pairs_and_bare_samples_are_planar():
    stereo = [[1.0, 2.0], [3.0, 4.0]]
    assert as_audio([stereo, 8000]) == as_audio([np.array(stereo), 8000]) == Audio(stereo, 8000)
    assert as_audio(np.array([16384], np.int16), 7) == Audio([0.5], 7)
    assert as_audio([0.5, 0.25], 7) == Audio([0.5, 0.25], 7)
    assert as_audio([], 7).frames == 0


@pytest.mark.parametrize(
    "item",
    [
        None, "audio", 1, b"RIFF", {}, {"audio": 1}, {"data": [0.0]},
        {"data": [0.0], "sample_rate": 8000, "channels": 2},
        {"data": [0.0], "sample_rate": 8000, "channels": 0},
        {"data": [0.0], "sample_rate": 8000, "channels": "1"},
        {"data": [0.0], "sample_rate": 8000, "format": "U8"},
        {"data": [0.0], "sample_rate": 8000, "channels": True},
        {"data": [0.0], "sample_rate": 8000, "channels": float("inf")},
        {"data": [[0.0]], "sample_rate": 8000},
        {"data": "0", "sample_rate": 8000},
        {"data": [True], "sample_rate": 8000},
        [None], [[0.0], 0], [[0.0], 0.5], [[0.0], float("inf")],
        [[0.0], float("nan")], [[[0.0], [0.0, 1.0]], 8000], [[["a"]], 8000],
        np.zeros(1, np.uint8), np.zeros(()), np.zeros((0, 3)), np.zeros((1, 1, 1)),
    ],
)  # fmt: skip
def test_what_is_not_audio_is_refused(item):
    with pytest.raises(NodeError):
        as_audio(item, 8000)


def test_a_bare_array_needs_a_rate():
    with pytest.raises(NodeError, match="input_sample_rate"):
        as_audio([0.5])


class TestClock:
    @staticmethod
    def item(timestamp=None, rate=1000):
        return Audio(np.zeros(10), rate, timestamp)

    def test_half_a_sample_is_no_gap(self):
        clock = Clock()
        assert not clock.breaks(self.item(1.0))
        clock.follow(self.item(1.0))
        for timestamp, breaks in [(1.0104, False), (None, False), (1.0106, True), (1.0094, True)]:
            assert clock.breaks(self.item(timestamp)) is breaks

    def test_the_first_timestamp_dates_the_stream(self):
        clock = Clock()
        clock.follow(self.item())
        clock.follow(self.item(5.0))
        assert clock.origin == pytest.approx(4.99)
        assert clock.frames == 20

    def test_another_rate_is_a_break(self):
        clock = Clock()
        clock.follow(self.item())
        assert clock.breaks(self.item(rate=2000))
