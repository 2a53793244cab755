"""AudioChannelsNode, FormatConverterNode and AudioChunkerNode, with values to check by eye."""

import numpy as np
import pytest
from segments import run_chain

from remotemedia import Audio, NodeError

LEFT, RIGHT, CENTRE, LFE, LEFT_BACK, RIGHT_BACK = np.eye(6, dtype=np.float32)[:, :, None]
HALF_POWER = pytest.approx(0.5**0.5)


def mixed(samples, channels):
    (output,) = run_chain([("AudioChannelsNode", {"channels": channels})], [Audio(samples, 8000)])
    assert output.sample_rate == 8000
    return output.samples[:, 0].tolist()


def test_surround_to_stereo_is_the_recommendations():
    assert mixed(LEFT, 2) == [1, 0]
    assert mixed(CENTRE, 2) == [HALF_POWER, HALF_POWER]
    assert mixed(LFE, 2) == [0, 0]
    assert mixed(RIGHT_BACK, 2) == [0, HALF_POWER]
    assert mixed(LEFT_BACK, 1) == [pytest.approx(0.5**0.5 / 2)]


def test_others_are_averaged_or_repeated():
    assert mixed([[0.5], [1.0]], 1) == [0.75]
    assert mixed([[1.0], [2.0], [3.0], [4.0]], 2) == [2.0, 3.0]
    assert mixed([[1.0], [2.0]], 5) == [1.0, 2.0, 1.0, 2.0, 1.0]


def converted(item, name, **params):
    (output,) = run_chain([("FormatConverterNode", {"target_format": name} | params)], [item])
    return output


def test_samples_are_scaled_rounded_and_limited():
    step = 2.0**-15
    samples = [0.5, 1.0, -1.0, 7.0, -np.inf, 0.5 * step, 1.5 * step]
    output = converted(Audio(samples, 8000), "i16")
    assert output.dtype == np.int16
    assert output.tolist() == [[16384, 32767, -32768, 32767, -32768, 0, 2]]
    assert converted(Audio([-0.25, 1.0], 8000), "i32").tolist() == [[-(2**29), 2**31 - 1]]


def test_integers_do_not_go_through_floats():
    numbers = np.array([2**31 - 1, 16777217, 98304, -32768], np.int32)
    assert converted(numbers, "i32").tolist() == [numbers.tolist()]
    assert converted([numbers, 8000], "i16").tolist() == [[32767, 256, 2, 0]]
    assert converted(numbers, "f32", input_sample_rate=8000).samples[0, 2] == 98304 / 2**31


def test_nan_has_no_integer_and_floats_need_a_rate():
    with pytest.raises(NodeError, match="channel 0, frame 1"):
        converted(Audio([0, np.nan], 8000), "i16")
    with pytest.raises(NodeError, match="input_sample_rate"):
        converted(np.zeros(3, np.int32), "f32")


def chunks(*items, **params):
    outputs = run_chain([("AudioChunkerNode", params)], [Audio(*item) for item in items])
    return [(output.samples[0].tolist(), output.timestamp) for output in outputs]


def test_chunks_have_their_length_and_time():
    stream = (np.arange(1.0, 8), 1000, 2.0)
    expected = [([1, 2, 3], 2.0), ([4, 5, 6], 2.003), ([7, 0, 0], 2.006)]
    assert chunks(stream, chunk_size=3) == expected
    assert chunks(stream, chunk_size=3, pad=False) == expected[:2]


def test_chunks_overlap_or_leave_out():
    def cut(frames, size, hop):
        stream = (np.arange(1.0, frames + 1), 1000)
        return [samples for samples, _ in chunks(stream, chunk_size=size, hop=hop)]

    assert cut(6, 4, 2) == [[1, 2, 3, 4], [3, 4, 5, 6]]
    assert cut(7, 4, 2)[2] == [5, 6, 7, 0]
    assert cut(5, 2, 5) == [[1, 2]]
    assert cut(6, 2, 5) == [[1, 2], [6, 0]]


def test_a_gap_or_another_format_ends_the_stream():
    found = chunks(([1.0], 1000, 1.0), ([2.0], 1000, 5.0), ([3.0], 2000), chunk_size=2)
    assert found == [([1, 0], 1.0), ([2, 0], 5.0), ([3, 0], None)]


def test_too_much_is_refused_and_leaves_no_trace():
    specs = [("AudioChunkerNode", {"chunk_size": 2**24, "pad": False}, {"on_error": "skip"})]
    assert run_chain(specs, [Audio(np.zeros((9, 1)), 8000)]) == []
    with pytest.raises(NodeError, match="150994944 samples"):
        run_chain([specs[0][:2]], [Audio(np.zeros((9, 1)), 8000)])
