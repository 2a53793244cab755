import io
import struct
import wave

import numpy as np
import pytest
from segments import run_chain

from remotemedia import Audio, NodeError
from remotemedia.nodes._wav import decode


def chunk(name, body):
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def wav(encoding, channels, bits, data, *, backwards=False, extensible=False, align=None):
    align = channels * bits // 8 if align is None else align
    tag = 0xFFFE if extensible else encoding
    fmt = struct.pack("<HHIIHH", tag, channels, 16000, 16000 * align, align, bits)
    if extensible:
        fmt += struct.pack("<HHIH14x", 22, bits, 0, encoding)
    chunks = [chunk(b"fmt ", fmt), chunk(b"LIST", b"odd"), chunk(b"data", data)]
    body = b"WAVE" + b"".join(reversed(chunks) if backwards else chunks)
    return chunk(b"RIFF", body)


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(
    ("encoding", "bits", "data", "samples"),
    [
        (1, 8, bytes([0, 128, 192]), [-1, 0, 0.5]),
        (1, 16, bytes([0x00, 0x80, 0x00, 0x40]), [-1, 0.5]),
        (1, 24, bytes([0, 0, 0x80, 0, 0, 0x40]), [-1, 0.5]),
        (1, 32, bytes([0, 0, 0, 0x80, 0, 0, 0, 0x40]), [-1, 0.5]),
        (3, 32, struct.pack("<f", 1.5), [1.5]),
        (3, 64, struct.pack("<d", -0.25), [-0.25]),
    ],
)
def test_every_encoding(encoding, bits, data, samples, extensible):
    file = wav(encoding, 1, bits, data, extensible=extensible)
    assert decode(file) == Audio(np.array(samples, np.float32), 16000, 0.0)


@pytest.mark.parametrize("backwards", [False, True])
def test_channels_come_apart_and_chunks_in_any_order(backwards):
    data = struct.pack("<4h", 16384, -16384, 8192, -8192)
    expected = Audio([[0.5, 0.25], [-0.5, -0.25]], 16000, 0.0)
    assert decode(wav(1, 2, 16, data, backwards=backwards)) == expected


def test_what_pythons_own_module_writes():
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(struct.pack("<h", 16384))
    assert decode(target.getvalue()) == Audio([0.5], 8000, 0.0)


def test_a_recording_that_was_cut_off():
    file = bytearray(wav(1, 1, 16, struct.pack("<h", 16384)))
    file[-6:-2] = b"\xff\xff\xff\xff"
    assert decode(bytes(file)) == Audio([0.5], 16000, 0.0)


def test_every_truncation_is_refused():
    whole = wav(1, 2, 16, bytes(64))
    for length in range(len(whole)):
        with pytest.raises(NodeError):
            decode(whole[:length])


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (b"RIFX", "RIFF"),
        (wav(2, 1, 4, b""), "encoding 2 with 4 bits"),
        (wav(1, 1, 16, b"abc"), "3 bytes, 2 a frame"),
        (wav(1, 0, 16, b"", align=0), "0 channels"),
        (wav(1, 1, 16, b"", align=4), "block size 4"),
        (chunk(b"RIFF", b"WAVE" + chunk(b"data", b"")), "no fmt chunk"),
        (chunk(b"RIFF", b"WAVE" + chunk(b"fmt ", b"short")), "too short: 5 bytes"),
        (b"RIFF\0\0\0\0WAVEdata\xf0\0\0\0", "claims 240 bytes, 0 are left"),
    ],
)
def test_errors_say_what_and_where(file, message):
    with pytest.raises(NodeError, match=message):
        decode(file)


def streamed(file, size):
    portions = [file[at : at + size] for at in range(0, len(file), size)]
    return run_chain([("WavDecodeNode", {"streaming": True})], portions)


@pytest.mark.parametrize("to_the_end", [False, True])
@pytest.mark.parametrize("size", [1, 5, 6, 7, 40, 1000])
def test_portions_give_what_the_whole_gives(size, to_the_end):
    file = wav(1, 2, 24, bytes(range(60)), extensible=True)
    if to_the_end:
        file = file[:-64] + b"\xff\xff\xff\xff" + file[-60:]
    else:
        file += chunk(b"LIST", b"odd")
    parts = streamed(file, size)
    samples = np.concatenate([part.samples for part in parts], axis=1)
    assert Audio(samples, parts[0].sample_rate, 0.0) == decode(file)
    starts = np.cumsum([0, *(part.frames for part in parts[:-1])])
    assert [part.timestamp for part in parts] == (starts / 16000).tolist()


def test_a_stream_without_frames():
    assert streamed(wav(1, 2, 16, b""), 7) == [Audio(np.zeros((2, 0)), 16000, 0.0)]
    assert streamed(b"", 7) == []


def test_a_stream_that_ends_too_soon():
    file = wav(1, 1, 16, bytes(8))
    for length in range(1, len(file)):
        with pytest.raises(NodeError):
            streamed(file[:length], 7)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (wav(1, 1, 16, bytes(2), backwards=True), "data before fmt"),
        (wav(1, 1, 16, bytes(2)) + chunk(b"data", b""), "second fmt or data"),
        (wav(1, 1, 16, bytes(3)), "no whole frame"),
    ],
)
def test_streams_are_stricter(file, message):
    with pytest.raises(NodeError, match=message):
        streamed(file, 9)


def test_a_refused_portion_leaves_no_trace():
    file = wav(1, 1, 16, bytes(4))
    specs = [("WavDecodeNode", {"streaming": True}, {"on_error": "skip"})]
    bad = chunk(b"data", b"")
    assert len(run_chain(specs, [file + bad, file, bad])) == 1
