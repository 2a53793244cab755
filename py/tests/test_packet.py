import base64
import contextlib
import json

import numpy as np
import pytest
from vectors import difference, load

from remotemedia import Audio, PacketError
from remotemedia._json_form import from_json_form
from remotemedia._packet import decode, encode, from_bytes, read, to_bytes
from remotemedia._values import UnrepresentableError

VALUES = {vector["name"]: vector["value"] for vector in load("values.json")}
GOLDEN = {vector["name"]: vector for vector in load("packets.json")}
BAD = {vector["name"]: vector["packet"] for vector in load("bad-packets.json")}


def there_and_back(values, edges=0):
    header, buffers = encode(list(range(len(values))), edges, values)
    (packet,) = read(bytes(to_bytes(header, buffers)))
    return packet


@pytest.mark.parametrize("name", VALUES)
def test_values_survive(name):
    value = from_json_form(VALUES[name])
    assert difference([value], there_and_back([value]).values) is None


def test_all_values_survive_in_one_packet():
    values = [from_json_form(value) for value in VALUES.values()]
    packet = there_and_back(values, edges=list(range(len(values))))
    assert difference(values, packet.values) is None
    assert packet.rounds == packet.edges == list(range(len(values)))


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_packets(name):
    packets = read(base64.b64decode(GOLDEN[name]["packet"]))
    items = []
    for rounds, edges, values in packets:
        column = [edges] * len(rounds) if isinstance(edges, int) else edges
        items += map(list, zip(rounds, column, values, strict=True))
    expected = [[r, e, from_json_form(value)] for r, e, value in GOLDEN[name]["items"]]
    assert difference(expected, items) is None


@pytest.mark.parametrize("name", BAD)
def test_bad_packets_are_refused(name):
    with pytest.raises(PacketError) as caught:
        read(base64.b64decode(BAD[name]))
    assert caught.value.code == "bad_packet"
    assert caught.value.path


def test_a_batch_of_numbers_is_one_buffer():
    header, buffers = encode(list(range(256)), 3, list(range(256)))
    assert json.loads(header)["values"] == {"$": 1}
    assert [len(memoryview(buffer).cast("B")) for buffer in buffers] == [2048, 2048]
    assert len(header) < 250


def test_arrays_are_viewed_not_copied():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    _, buffers = encode([0], 0, [array])
    assert np.shares_memory(np.frombuffer(buffers[0], np.float32), array)
    data = bytes(buffers[0])
    (again,) = decode(*encode([0], 0, [array])[:1], [data]).values
    assert np.shares_memory(again, np.frombuffer(data, np.float32))
    assert not again.flags.writeable


def test_one_array_many_times_is_one_buffer():
    array = np.zeros(4)
    header, buffers = encode([0, 1, 2], 0, [array, array, {"again": array}])
    assert len(buffers) == 1
    assert len(json.loads(header)["refs"]) == 1


def test_other_layouts_are_put_in_order():
    array = np.arange(6, dtype=">i4").reshape(2, 3).T
    (again,) = there_and_back([array]).values
    assert again.dtype == np.dtype("<i4")
    assert again.tolist() == [[0, 3], [1, 4], [2, 5]]


def test_any_other_byte_is_true():
    header, _ = encode([0], 0, [np.array([True, False])])
    (again,) = decode(header, [b"\x02\x00"]).values
    assert again.dtype == bool
    assert again.tolist() == [True, False]
    (again,) = decode(encode([0], 0, [np.array(False)])[0], [b"\xff"]).values
    assert isinstance(again, np.ndarray) and again.shape == () and again.item() is True


def test_audio_keeps_rate_and_time():
    stereo = Audio(np.array([[0.5, 1], [0, -1]]), 44100, 1.5)
    assert there_and_back([stereo, Audio([0.5], 8000)]).values == [stereo, Audio([0.5], 8000)]


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ([0, {"a": [object()]}], "$[1].a[0]"),
        (["\ud800"], "$[0]"),
        ([0, 2**63], "$[1]"),
        ([2**63] * 9, "$[0]"),
        ([{1: 2}], "$[0]"),
        ([{"a": {"\udfff": 0}}], "$[0].a"),
    ],
)
def test_what_cannot_travel_is_refused_with_its_path(values, path):
    with pytest.raises(UnrepresentableError) as caught:
        encode(list(range(len(values))), 0, values)
    assert caught.value.path == path


def test_nesting_has_a_limit_both_ways():
    value = 0
    for _ in range(128):
        value = [value]
    assert there_and_back([value]).values == [value]
    with pytest.raises(UnrepresentableError):
        encode([0], 0, [[value]])
    header = json.dumps({"rounds": [0], "edges": 0, "values": [[value]]})
    with pytest.raises(PacketError):
        decode(header, [])


def test_absurd_nesting_is_an_error_not_a_crash():
    with pytest.raises(PacketError):
        decode('{"rounds": [0], "edges": 0, "values": [' + "[" * 100_000, [])


@pytest.mark.parametrize(
    "header",
    [
        '{"rounds": [0], "edges": 0, "values": ["\\ud800"]}',
        '{"rounds": [0], "edges": 0, "values": ["\ud800"]}',
        '{"rounds": [0], "edges": 0, "values": [NaN]}',
        '{"rounds": [0], "edges": 0, "values": [1e999]}',
        '{"rounds": [0], "edges": 0, "values": [9007199254740992]}',
        '{"rounds": [0.5], "edges": 0, "values": [1]}',
        '{"rounds": [true], "edges": 0, "values": [1]}',
        '{"rounds": [-1], "edges": 0, "values": [1]}',
        '{"rounds": [0], "edges": -1, "values": [1]}',
        '{"rounds": [0], "edges": [0, 1], "values": [1]}',
        '{"rounds": [0], "edges": 0, "values": [1, 2]}',
        '{"rounds": [0], "edges": 0, "values": {"a": 1}}',
        '{"rounds": [0], "edges": 0}',
        "[]",
    ],
)
def test_bad_headers_are_refused(header):
    with pytest.raises(PacketError):
        decode(header, [])


def test_an_escaped_pair_of_surrogates_is_text():
    header = '{"rounds": [0], "edges": 0, "values": ["\\ud83d\\ude00"]}'
    assert decode(header, []).values == ["😀"]


def test_every_truncation_is_refused():
    header, buffers = encode([0, 1], [3, 4], [np.arange(5), {"a": b"xyz"}])
    whole = bytes(to_bytes(header, buffers))
    for length in range(len(whole)):
        with pytest.raises(PacketError):
            from_bytes(whole[:length])


def test_every_flipped_byte_is_refused_or_read():
    header, buffers = encode([0, 1], [3, 4], [np.arange(5), {"a": [0.5, "é", None]}])
    whole = bytes(to_bytes(header, buffers))
    for at in range(len(whole)):
        for bit in (0x01, 0x80):
            broken = bytearray(whole)
            broken[at] ^= bit
            with contextlib.suppress(PacketError):
                read(bytes(broken))


@pytest.mark.parametrize(
    "change",
    [{"sample_rate": 2**32}, {"sample_rate": 0}, {"timestamp": {"$": "NaN"}}, {"shape": [0, 1]}],
)
def test_audio_beyond_its_limits_is_refused(change):
    header, buffers = encode([0], 0, [Audio([0.0], 8000)])
    fields = json.loads(header)
    fields["refs"][0] |= change
    with pytest.raises(PacketError):
        decode(json.dumps(fields), [b"" if "shape" in change else bytes(buffers[0])])
    audio = Audio.of_checked(np.zeros((1, 1), "<f4"), 8000, float("nan"))
    with pytest.raises(UnrepresentableError, match="timestamp"):
        encode([0], 0, [audio])
