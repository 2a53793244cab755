import math

import numpy as np
import pytest

from remotemedia import Audio
from remotemedia._values import MAX_DEPTH, UnrepresentableError, represent


def nested(levels):
    value = []
    for _ in range(levels - 1):
        value = [value]
    return value


def test_what_arrives_is_what_travels():
    for value in [None, True, 0, -(2**63), 2**63 - 1, -0.0, "é😀", [1, [None]], {"": {"a": b"x"}}]:
        again = represent(value)
        assert (again, type(again), repr(again)) == (value, type(value), repr(value))


def test_other_spellings_become_the_value():
    assert represent((1, (2,))) == [1, [2]]
    assert represent(bytearray(b"ab")) == b"ab"
    assert represent(memoryview(b"ab")) == b"ab"
    for value, expected in [(np.float32(0.5), 0.5), (np.int8(-1), -1), (np.bool_(True), True)]:
        assert type(represent(value)) is type(expected)
        assert represent(value) == expected
    assert type(represent(np.float64(2.5))) is float


def test_containers_are_copied_and_arrays_are_not():
    array = np.zeros(3)
    value = {"a": [array]}
    again = represent(value)
    again["a"].append(1)
    assert value == {"a": [array]}
    assert again["a"][0].base is array


def test_arrays_arrive_read_only():
    array = np.zeros(3)
    again = represent([{"a": array}])[0]["a"]
    with pytest.raises(ValueError, match="read-only"):
        again[0] = 1
    array[0] = 1  # the owner may


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (object(), "$"),
        ({"a": [0, object()]}, "$.a[1]"),
        ([{"the key": 2**63}], '$[0]["the key"]'),
        ([-(2**63) - 1], "$[0]"),
        (["\ud800"], "$[0]"),
        ({"\udc00": 1}, "$"),
        ({1: 2}, "$"),
        ([{1, 2}], "$[0]"),
        ([1j], "$[0]"),
        ([np.zeros(2, np.complex64)], "$[0]"),
        ([np.zeros(2, np.float16)], "$[0]"),
        ([np.array(["a"])], "$[0]"),
    ],
)
def test_what_cannot_travel_is_refused_with_its_path(value, path):
    with pytest.raises(UnrepresentableError) as caught:
        represent(value)
    assert caught.value.path == path


def test_nesting_has_a_limit():
    represent(nested(MAX_DEPTH))
    with pytest.raises(UnrepresentableError, match="128"):
        represent(nested(MAX_DEPTH + 1))


def test_a_value_that_holds_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(UnrepresentableError):
        represent(value)


class TestAudio:
    def test_mono_becomes_one_channel(self):
        audio = Audio([0.5, -0.5], 8000)
        assert audio.samples.shape == (1, 2)
        assert audio.samples.dtype == np.float32
        assert (audio.channels, audio.frames, audio.duration) == (1, 2, 0.00025)
        assert audio.timestamp is None

    def test_samples_are_read_only(self):
        samples = np.zeros((1, 2), np.float32)
        audio = Audio(samples, 8000)
        samples[0, 0] = 1
        assert audio.samples[0, 0] == 1
        with pytest.raises(ValueError, match="read-only"):
            audio.samples[0, 0] = 2

    def test_equality_is_exact(self):
        audio = Audio([0.5, np.nan], 8000, 1.0)
        assert audio == Audio([0.5, np.nan], 8000, 1.0)
        assert audio != Audio([0.5, np.nan], 8000)
        assert audio != Audio([0.5, 0.5], 8000, 1.0)
        assert audio != Audio([0.5, np.nan], 16000, 1.0)

    @pytest.mark.parametrize("rate", [0, -1, 0.5, True])
    def test_a_rate_is_whole_hertz(self, rate):
        with pytest.raises(ValueError, match="sample_rate"):
            Audio([0.0], rate)

    def test_integers_must_be_scaled_first(self):
        with pytest.raises(TypeError, match="scale"):
            Audio(np.zeros(3, np.int16), 8000)

    def test_three_dimensions_are_too_many(self):
        with pytest.raises(ValueError, match="channels, frames"):
            Audio(np.zeros((1, 2, 3)), 8000)


@pytest.mark.parametrize("rate", [0, 2**32, 0.5, math.inf, math.nan, True, 10**400])
def test_rates_that_are_none(rate):
    with pytest.raises(ValueError, match="sample_rate"):
        Audio([0.0], rate)


def test_limits_of_audio():
    assert type(Audio([0.0], np.float64(8000)).sample_rate) is int
    for channels in (0, 65537):
        with pytest.raises(ValueError, match="channels"):
            Audio(np.zeros((channels, 1)), 1)
    for timestamp in (math.inf, math.nan, 10**400):
        with pytest.raises(ValueError, match="timestamp"):
            Audio([0.0], 1, timestamp)
    for bad in [(0, None), (8000.0, None), (1, math.nan)]:
        with pytest.raises(UnrepresentableError, match=r"\$\[0\]"):
            represent([Audio.of_checked(np.zeros((1, 1), "<f4"), *bad)])
