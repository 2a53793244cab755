"""What every node must keep to, whatever it computes. `test_contract.py` runs it over all nodes."""

import json

import numpy as np
import pytest
from segments import flush, opened, run, segment
from vectors import difference

from remotemedia import Audio, ManifestError, NodeError
from remotemedia._effects import Batch, drive
from remotemedia._packet import encode
from remotemedia._packet_reader import decode
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

KINDS = {"any", "null", "bool", "number", "string", "list", "map", "bytes", "tensor", "audio"}

SPECIAL = {
    "WavDecodeNode": [b"RIFF" + bytes(4) + b"WAVEfmt " + bytes.fromhex(
        "10000000 0100 0100 803e0000 007d0000 0200 1000") + b"data" + bytes.fromhex("02000000 0040")],
    "SpeechSegmentsNode": [{"flags": np.array([True]), "frame_s": 0.03, "start_s": 0.0}],
    "CalculatorNode": [3, {"operation": "add", "args": [1, 2]}],
    "VADNode": [ITEMS["audio"], ITEMS["map"]],
    "AudioChannelsNode": [ITEMS["audio"], ITEMS["map"]],
    "FormatConverterNode": [ITEMS["audio"], ITEMS["map"]],
    "AudioChunkerNode": [ITEMS["audio"], ITEMS["map"]],
    "AudioResampleNode": [ITEMS["audio"], ITEMS["map"]],
}  # fmt: skip
"""Items for nodes that do not take every value of the kinds they name."""


PARAMS = {"ZipNode": {"ports": ["left", "right"]}}
"""Params of nodes that have required ones."""


def ports_of(cls):
    """Return the node's input ports with their kinds, also those that its params name."""
    params = PARAMS.get(cls.type_name, {})
    return {
        name: kinds
        for port, kinds in cls.inputs.items()
        for name in (params[port[1:]] if port.startswith("$") else [port])
    }


def items_for(cls):
    """Return what may come in: port → items; ticks for a generating source."""
    special = SPECIAL.get(cls.type_name)
    ports = {
        port: special or [ITEMS[kind] for kind in kinds] for port, kinds in ports_of(cls).items()
    }
    return ports or {"in": [None] * 5}


def made(cls):
    ports = list(ports_of(cls)) or ["in"]
    nodes = [("n0", cls.type_name, PARAMS.get(cls.type_name, {}))]
    ends = {edge: f"n0.{port}" for edge, port in enumerate(ports)}
    return opened(segment(nodes, [], ends, {9: ("n0.*", None)}))


def run_node(cls, items):
    """Run a fresh node to the end; returns what it gave, or raises its error."""
    engine = made(cls)
    batches = [
        (edge, list(range(len(column))), list(column)) for edge, column in enumerate(items.values())
    ]
    try:
        given = []
        for call, arguments in [(run, batches), (flush, [])]:
            outputs, error = call(engine, *arguments)
            if error is not None:
                raise error
            given += outputs.get(9, ([], []))[1]
        return given
    finally:
        engine.close()


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
    params = PARAMS.get(cls.type_name, {})
    with pytest.raises(ManifestError, match="no_such_param"):
        cls(no_such_param=1, **params)
    node = cls(**params)
    assert cls(**node.params).params == node.params
    for name in cls.schema()["required"]:
        with pytest.raises(ManifestError, match=f"{name} is required"):
            cls(**{key: value for key, value in params.items() if key != name})


def check_ports(cls):
    """Ports have names and kinds; what the params name is a list of strings."""
    entry = cls.entry()
    for port in entry["inputs"]:
        if port.startswith("$"):
            spec = entry["params"]["properties"][port[1:]]
            assert (spec["type"], spec["items"]["type"]) == ("array", "string")
    for ports in (entry["inputs"], entry["outputs"]):
        for port in ports.values():
            assert port["kinds"] and set(port["kinds"]) <= KINDS
    assert entry["outputs"]


def check_repeatable(cls):
    """Two runs with fresh nodes give the same; outputs can travel and come back the same."""
    items = items_for(cls)
    first, second = (run_node(cls, items) for _ in range(2))
    assert difference(first, second) is None
    header, buffers = encode(list(range(len(first))), 0, first)
    assert difference(first, decode(header, [bytes(buffer) for buffer in buffers]).values) is None


def check_item_by_item(cls):
    """One batch and many batches of one round give the same."""
    items = items_for(cls)
    engine = made(cls)
    given = []
    for round_ in range(max(map(len, items.values()))):
        batches = [
            (edge, [round_], [column[round_]])
            for edge, column in enumerate(items.values())
            if round_ < len(column)
        ]
        given += run(engine, *batches)[0].get(9, ([], []))[1]
    given += flush(engine)[0].get(9, ([], []))[1]
    engine.close()
    assert difference(run_node(cls, items), given) is None


def check_input_untouched(cls):
    """A node leaves its input as it was."""
    items = items_for(cls)
    before = [travelled(column) for column in items.values()]
    run_node(cls, items)
    assert [travelled(column) for column in items.values()] == before


def travelled(items):
    header, buffers = encode([0] * len(items), 0, items)
    return header, [bytes(buffer) for buffer in buffers]


def check_refuses_others(cls):
    """What is none of the kinds of a port is a NodeError that names the node."""
    for port, kinds in ports_of(cls).items():
        if "any" not in kinds:
            with pytest.raises(NodeError) as caught:
                run_node(cls, {key: [True] if key == port else [] for key in ports_of(cls)})
            assert (caught.value.node_id, caught.value.node_type) == ("n0", cls.type_name)
            assert caught.value.item_index == 0


def check_source(cls):
    """A node without input ports gives its values by ticks and comes to an end."""
    if cls.inputs:
        return
    engine = made(cls)
    assert engine._steps[0].source is not None
    for round_ in range(1000):
        if run_ticks(engine, round_).ended:
            break
    assert run_ticks(engine, 1000) == ([], None, True)
    engine.close()


def run_ticks(engine, round_):
    return drive(engine.run([Batch(None, 0, [round_], [None])]))


def check_empty_stream(cls):
    """Without any item, flush and close still work."""
    run_node(cls, {key: [] for key in items_for(cls)})


CHECKS = [
    check_entry,
    check_params,
    check_ports,
    check_repeatable,
    check_item_by_item,
    check_input_untouched,
    check_refuses_others,
    check_source,
    check_empty_stream,
]
