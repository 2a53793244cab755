"""Random graphs of the nodes that both runtimes have, with input for them, as hypothesis strategies."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from remotemedia import Audio

MOST_NODES = 40
MOST_PER_ROUND = 48
"""Items that one input item may become at a node."""
MOST_PARTS = 400
"""Values inside one item: zips and batches of batches grow fast."""
MOST_ITEMS = 4000
"""Items that a node may receive in a run."""


class Case(NamedTuple):
    """A manifest with random hints, and what a run is given."""

    manifest: dict
    given: dict
    """`input` (a list) or `sources` (lists by node id)."""
    batch: int


class Flow(NamedTuple):
    """What a node gives: at most `count` items per round, of `parts` values each."""

    kind: str
    count: int
    parts: int


ANY = Flow("any", 1, 1)
OPERANDS = st.sampled_from([-3, -1, 0, 0.5, 1, 2, 7, 10])


def node(kind, out=None, **params):
    """Return a strategy of (type, params, kind of the output; None: that of the input)."""
    return st.tuples(st.just(kind), st.fixed_dictionaries(params), st.just(out))


EVERYWHERE = [
    node("PassThroughNode"),
    node("ExpanderNode", expansion_factor=st.integers(0, 3)),
    node("CounterNode", "map", initial_count=st.integers(0, 3)),
    node("EchoNode", "map"),
    node("BatcherNode", "list", batch_size=st.integers(1, 4), partial=st.booleans()),
]
ARITHMETIC = [
    node("MultiplyNode", factor=OPERANDS),
    node("AddNode", addend=OPERANDS),
    node(
        "CalculatorNode",
        operation=st.sampled_from(["add", "subtract", "multiply", "divide", "power", "modulo"]),
        operand=OPERANDS,
    ),
    node("FilterNode", min_value=st.sampled_from([-50, 0, 3])),
]
AUDIO = [
    node("VADNode", "audio", frame_duration_ms=st.sampled_from([1, 2, 5])),
    node(
        "AudioResampleNode",
        target_sample_rate=st.sampled_from([8000, 12000, 16000]),
        quality=st.just("low"),
    ),
]
BY_KIND = {"number": ARITHMETIC * 2 + EVERYWHERE, "audio": AUDIO * 3 + EVERYWHERE[:2]}
OTHERWISE = EVERYWHERE * 4 + ARITHMETIC
RANGES = st.fixed_dictionaries(
    {
        "start": st.integers(-5, 5),
        "end": st.integers(-30, 30),
        "step": st.sampled_from([1, 1, 2, 0.5, -1, -3, 0]),
    }
)
AUDIO_ITEMS = st.builds(
    lambda seed, frames: Audio(
        np.random.default_rng(seed).uniform(-0.5, 0.5, (1, frames)).astype(np.float32), 8000
    ),
    st.integers(0, 99),
    st.integers(0, 40),
)
NUMBERS = st.one_of(st.integers(-20, 20), st.floats(-9, 9), st.integers(-20, 20))
ITEMS = {"number": st.one_of(*[NUMBERS] * 20, st.just("text")), "audio": AUDIO_ITEMS}


@st.composite
def fields(draw):
    """Return what else a node may have: hint, retry, on_error."""
    made = {"runtime_hint": draw(st.sampled_from(["auto", "rust", "python"]))}
    if draw(st.booleans()):
        made["on_error"] = "skip"
    if draw(st.integers(0, 5)) == 5:
        made["retry"] = {"max_retries": draw(st.integers(0, 2)), "base_delay_ms": 0}
    return made


@st.composite
def cases(draw):
    """Return a case. Small numbers make small cases, so failures shrink."""
    kind = draw(st.sampled_from(["number", "number", "number", "number", "audio"]))
    nodes, connections, flows = [], [], []
    # A draw per node says whether there is one more, so that single nodes can be left out.
    while not nodes or (len(nodes) < MOST_NODES and draw(st.integers(0, 25))):
        made, flow, incoming = draw(one_node(len(nodes), kind, flows))
        nodes.append(made | draw(fields()))
        connections += incoming
        flows.append(flow)
    busiest = max(flow.count for flow in flows)
    ends = {connection["to"].split(".")[0] for connection in connections}
    takers = [
        each["id"]
        for each in nodes
        if each["id"] not in ends and each["node_type"] != "RangeGeneratorNode"
    ]
    manifest = {
        "version": "v1",
        "nodes": draw(st.permutations(nodes)),
        "connections": draw(st.permutations(connections)),
    }
    given = draw(given_to(takers, ITEMS[kind], MOST_ITEMS // busiest))
    return Case(manifest, given, draw(st.integers(1, 256)))


@st.composite
def one_node(draw, index, kind, flows):
    """Return a node, what it gives, and its connections from earlier nodes."""
    name = f"n{index}"
    starts = draw(
        st.lists(st.integers(0, index - 1), max_size=3, unique=True) if index else st.just([])
    )
    arriving = [flows[start] for start in starts]
    if not starts and draw(st.integers(0, 3)) == 3:
        params = draw(RANGES)
        return spec(name, "RangeGeneratorNode", params), Flow("number", 1, 1), []
    count = sum(flow.count for flow in arriving) or 1
    parts = max([1, *(flow.parts for flow in arriving)])
    if count > MOST_PER_ROUND or parts > MOST_PARTS:
        starts, arriving = starts[:1], arriving[:1]
        return passing(name, starts, arriving)
    if starts and draw(st.integers(0, 6)) == 6:
        return draw(zip_node(name, starts, arriving))
    kinds = {flow.kind for flow in arriving} or {kind}
    options = BY_KIND.get(min(kinds), OTHERWISE) if len(kinds) == 1 else OTHERWISE
    node_type, params, out = draw(st.one_of(options))
    flow = Flow(
        out or (min(kinds) if len(kinds) == 1 else "mixed"),
        count * max(1, params.get("expansion_factor", 1)),
        parts * params.get("batch_size", 1) + 1,
    )
    joins = [{"from": f"n{start}", "to": name} for start in starts]
    return spec(name, node_type, params), flow, joins


def passing(name, starts, arriving):
    """Return a node that adds nothing to what is much already."""
    joins = [{"from": f"n{start}", "to": name} for start in starts]
    return spec(name, "PassThroughNode", {}), arriving[0], joins


@st.composite
def zip_node(draw, name, starts, arriving):
    """Return a zip with one to three ports, each connection at one of them."""
    ports = [f"p{k}" for k in range(draw(st.integers(1, 3)))]
    joins = [{"from": f"n{k}", "to": f"{name}.{draw(st.sampled_from(ports))}"} for k in starts]
    flow = Flow(
        "map", sum(each.count for each in arriving), sum(each.parts for each in arriving) + 1
    )
    return spec(name, "ZipNode", {"ports": ports, "partial": draw(st.booleans())}), flow, joins


def spec(name, node_type, params):
    """Return a node of a manifest."""
    return {"id": name, "node_type": node_type, "params": params}


@st.composite
def given_to(draw, takers, items, most):
    """Return input for all sources, or lists for some of them."""
    count = min(draw(st.sampled_from([0, 1, 2, 7, 64, 300])), most)
    # Long lists repeat a short one, which is quick to draw and to shrink.
    drawn = st.lists(items, min_size=min(count, 1), max_size=min(count, 8))
    repeated = drawn.map(lambda some: (some * (count // len(some) + 1))[:count] if some else [])
    if not takers:
        return {"input": []}
    if draw(st.booleans()):
        return {"input": draw(repeated)}
    named = draw(st.lists(st.sampled_from(takers), max_size=3, unique=True))
    return {"sources": {name: draw(repeated) for name in named}}
