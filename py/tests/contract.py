"""What every node must keep to, whatever it computes. `test_contract.py` runs it over all nodes."""

import json

import numpy as np
import pytest
from segments import run_chain
from vectors import difference

from remotemedia import Audio, ManifestError, NodeError
from remotemedia._packet import decode, encode
from remotemedia._params import check_value

TONE = np.sin(np.arange(1600, dtype=np.float32) / 5)
ITEMS = {
    "number": 3,
    "list": [1, 2.5],
    "tensor": np.array([1.5, -2.0], np.float32),
    "map": {"audio": Audio(TONE, 16000, 0.0)},
    "audio": Audio(TONE, 16000, 0.0),
    "bytes": b"RIFF",
    "any": "text",
}
"""One item of each kind that ports name."""

SPECIAL = {
    "WavDecodeNode": [b"RIFF" + bytes(4) + b"WAVEfmt " + bytes.fromhex(
        "10000000 0100 0100 803e0000 007d0000 0200 1000") + b"data" + bytes.fromhex("02000000 0040")],
    "SpeechSegmentsNode": [{"flags": np.array([True]), "frame_s": 0.03, "start_s": 0.0}],
    "CalculatorNode": [3, {"operation": "add", "args": [1, 2]}],
    "VADNode": [ITEMS["audio"], ITEMS["map"]],
    "AudioResampleNode": [ITEMS["audio"], ITEMS["map"]],
}  # fmt: skip
"""Items for nodes that do not take every value of the kinds they name."""


def items_for(cls):
    if cls.type_name in SPECIAL:
        return SPECIAL[cls.type_name]
    return [ITEMS[kind] for kind in cls.inputs["in"]]


def check_entry(cls):
    """The catalog entry is complete JSON with documented params and valid defaults."""
    entry = cls.entry()
    assert json.loads(json.dumps(entry)) == entry
    assert entry["summary"].endswith(".")
    assert entry["category"] != "custom"
    for name, spec in entry["params"]["properties"].items():
        assert spec["description"], name
        if "default" in spec:
            assert check_value(spec, spec["default"], "$") == (spec["default"], [])


def check_params(cls):
    """Unknown params are refused at once; the params of an instance make the same instance."""
    with pytest.raises(ManifestError, match="no_such_param"):
        cls(no_such_param=1)
    node = cls()
    assert cls(**node.params).params == node.params


def check_repeatable(cls):
    """Two runs with fresh nodes give the same; outputs can travel and come back the same."""
    items = items_for(cls)
    first, second = (run_chain([(cls.type_name, {})], items) for _ in range(2))
    assert difference(first, second) is None
    header, buffers = encode(list(range(len(first))), 0, first)
    assert difference(first, decode(header, [bytes(buffer) for buffer in buffers]).values) is None


def check_input_untouched(cls):
    """A node leaves its input as it was."""
    items = items_for(cls)
    before = encode([0] * len(items), 0, items)
    copies = [bytes(buffer) for buffer in before[1]]
    run_chain([(cls.type_name, {})], items)
    header, buffers = encode([0] * len(items), 0, items)
    assert (header, [bytes(buffer) for buffer in buffers]) == (before[0], copies)


def check_refuses_others(cls):
    """What is none of the kinds of the port is a NodeError that names the node."""
    if "any" in cls.inputs["in"]:
        return
    with pytest.raises(NodeError) as caught:
        run_chain([(cls.type_name, {})], [True])
    assert (caught.value.node_id, caught.value.node_type) == ("n0", cls.type_name)
    assert caught.value.item_index == 0


def check_empty_stream(cls):
    """Without any item, flush and close still work."""
    run_chain([(cls.type_name, {})], [])


CHECKS = [
    check_entry,
    check_params,
    check_repeatable,
    check_input_untouched,
    check_refuses_others,
    check_empty_stream,
]
