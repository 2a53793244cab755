import io
import struct
import wave

import numpy as np
import pytest

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
