import numpy as np
import pytest
from segments import run_chain

from remotemedia import Audio, NodeError

LOUD, QUIET = np.full(10, 0.5), np.zeros(10)
SMALL = {"frame_duration_ms": 10, "energy_threshold": 0.4}


def judge(*items, **params):
    outputs = run_chain([("VADNode", SMALL | params)], list(items))
    return [(output["flags"].tolist(), output["start_s"]) for output in outputs]


def audio(*frames, timestamp=None, rate=1000):
    return Audio(np.concatenate(frames), rate, timestamp)


def test_16_khz_and_30_ms_are_480_samples():
    (output,) = run_chain([("VADNode", {})], [Audio(np.zeros(16000), 16000)])
    assert output["frame_s"] == 0.03
    assert output["flags"].shape == (33,)
    assert output["flags"].dtype == bool
    assert output["is_speech"] is False


def test_pieces_do_not_matter():
    stream = np.concatenate([QUIET, LOUD, QUIET, LOUD, LOUD])
    ((expected, _),) = judge(audio(stream))
    assert expected == [False, True, False, True, True]
    for size in (1, 3, 7, 11):
        pieces = [audio(stream[at : at + size]) for at in range(0, len(stream), size)]
        assert [flag for flags, _ in judge(*pieces) for flag in flags] == expected


def test_hang_over_lasts_across_items():
    flags = [flags for flags, _ in judge(audio(LOUD), audio(QUIET), audio(QUIET), hang_over_ms=1)]
    assert flags == [[True], [True], [False]]


def test_a_gap_starts_anew():
    found = judge(audio(LOUD[:5], timestamp=1.0), audio(LOUD, timestamp=2.0))
    assert found == [([], 1.0), ([True], 2.0)]
    assert judge(audio(LOUD[:5], timestamp=1.0), audio(LOUD, timestamp=1.005))[1] == ([True], 1.0)


def test_another_rate_starts_anew():
    assert judge(audio(LOUD[:5]), audio(LOUD, LOUD, rate=2000)) == [([], 0.0), ([True], 0.0)]


def test_frames_are_rounded_and_at_least_one_sample():
    ((flags, _),) = judge(audio(LOUD), frame_duration_ms=0.1)
    assert flags == [True] * 10
    ((flags, _),) = judge(audio(LOUD), frame_duration_ms=2.5)  # 2.5 samples are 3
    assert len(flags) == 3


def slow(levels, begin, last, linger):
    """Judge frame by frame, as docs/nodes/VADNode.md says it."""
    active, left, flags = False, 0, []
    for level in levels:
        active = level > (last if active else begin)
        flags.append(active or left > 0)
        left = linger if active else max(0, left - 1)
    return flags


@pytest.mark.parametrize("linger", [0, 1, 3])
def test_two_thresholds_on_random_levels_in_random_pieces(linger):
    rng = np.random.default_rng(linger)
    levels = rng.uniform(0, 1, 300).astype(np.float32)
    stream = np.repeat(levels, 10)
    cuts = np.sort(rng.integers(0, stream.size, 40))
    params = {
        "energy_threshold": 0.7, "release_threshold": 0.3, "hang_over_ms": 10 * linger,
    }  # fmt: skip
    found = judge(*(audio(piece) for piece in np.split(stream, cuts)), **params)
    assert [flag for flags, _ in found for flag in flags] == slow(levels, 0.7, 0.3, linger)


def test_speech_does_not_end_above_where_it_begins():
    with pytest.raises(NodeError, match="release_threshold"):
        judge(audio(LOUD), release_threshold=0.5)


def test_a_refused_item_leaves_no_trace():
    bad = audio(LOUD[:5], np.array([np.nan]))
    pipeline = [("VADNode", SMALL, {"on_error": "skip"})]
    outputs = run_chain(pipeline, [audio(LOUD[:5]), bad, audio(LOUD[:5])])
    assert [output["flags"].tolist() for output in outputs] == [[], [True]]


def segments(*outputs, **params):
    (found,) = run_chain([("SpeechSegmentsNode", params)], list(outputs))
    return [(segment["start_s"], segment["end_s"]) for segment in found]


def test_segments_touch_and_join():
    flags = np.array([True, True, False, True])
    output = {"flags": flags, "frame_s": 0.1, "start_s": 1.0}
    assert segments(output, min_gap_ms=0) == [
        (1.0, pytest.approx(1.2)),
        (pytest.approx(1.3), pytest.approx(1.4)),
    ]
    assert segments(output, min_gap_ms=101) == [(1.0, pytest.approx(1.4))]
    assert segments() == []


@pytest.mark.parametrize("item", [None, {}, {"flags": 1, "frame_s": 1, "start_s": 0}, [1]])
def test_segments_need_the_output_of_vad(item):
    with pytest.raises(NodeError, match="needs the output of VADNode"):
        segments(item)
