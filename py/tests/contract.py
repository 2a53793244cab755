"""What built-in nodes keep to: the contract of all nodes, and some rules of ours beside it.

`test_contract.py` runs both over every node.
"""

import numpy as np
import pytest

from remotemedia import Audio, ManifestError, NodeError
from remotemedia.testing._contract import CHECKS as COMMON
from remotemedia.testing._contract import Case, Run, outcome

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


def case_of(cls):
    """Return the node with items of all kinds that may come in."""
    special = SPECIAL.get(cls.type_name)
    ports = {
        port: special or [ITEMS[kind] for kind in kinds] for port, kinds in ports_of(cls).items()
    }
    return Case.of(cls(**PARAMS.get(cls.type_name, {})), ports or [], None, 0.0)


async def check_docs(case):
    """The node and its params have docs."""
    entry = case.cls.entry()
    assert entry["summary"].endswith(".")
    assert entry["category"] != "custom"
    for name, spec in entry["params"]["properties"].items():
        assert spec["description"], name


async def check_required(case):
    """A required param that is missing is named."""
    for name in case.cls.schema()["required"]:
        with pytest.raises(ManifestError, match=f"{name} is required"):
            case.cls(**{key: value for key, value in case.params.items() if key != name})


async def check_ports(case):
    """There are outputs; the param that names ports is a list of strings."""
    entry = case.cls.entry()
    assert entry["outputs"]
    for port in entry["inputs"]:
        if port.startswith("$"):
            spec = entry["params"]["properties"][port[1:]]
            assert (spec["type"], spec["items"]["type"]) == ("array", "string")


async def check_refuses_others(case):
    """What is none of the kinds of a port is a NodeError that names the node."""
    for port, kinds in ports_of(case.cls).items():
        if "any" not in kinds:
            wrong = {key: [True] if key == port else [] for key in case.inputs}
            with pytest.raises(NodeError) as caught:
                await outcome(case._replace(inputs=wrong))
            assert (caught.value.node_id, caught.value.node_type) == ("node", case.cls.type_name)
            assert caught.value.item_index == 0


async def check_source(case):
    """A node without input ports gives its values by ticks and comes to an end."""
    if case.cls.inputs:
        return
    run = Run(case._replace(inputs={"in": [None] * 1001}))
    assert run.engine._steps[0].source is not None
    await run.process(0, 1000)
    given = sum(map(len, run.given.values()))
    await run.process(1000, 1001)
    run.engine.close()
    assert sum(map(len, run.given.values())) == given > 0


CHECKS = [*COMMON, check_docs, check_required, check_ports, check_refuses_others, check_source]
