"""Random graphs give the same in Python alone, in Rust alone, and split between them."""

import json
import random

import pytest
from vectors import difference

from remotemedia import NodeError, Pipeline, _runner

SEEDS = range(200)
MOST_ITEMS = 20_000
HINTS = ("auto", "rust", "python")


def kinds(rng):
    """Return a node type and its params; numbers mostly stay numbers."""
    numbers = [-3, -1, 0, 0.5, 1, 2, 10]
    return rng.choice(
        [
            ("PassThroughNode", {}),
            ("MultiplyNode", {"factor": rng.choice(numbers)}),
            ("AddNode", {"addend": rng.choice(numbers)}),
            ("CalculatorNode", {"operation": rng.choice(["subtract", "divide", "modulo"]),
                                "operand": rng.choice([-3, 0, 2, 7])}),
            ("FilterNode", {"min_value": rng.choice([-50, 0, 3])}),
            ("ExpanderNode", {"expansion_factor": rng.choice([0, 1, 2, 3])}),
            ("CounterNode", {"initial_count": rng.randrange(3)}),
            ("EchoNode", {}),
        ]
    )  # fmt: skip


def graph(rng):
    """Return a manifest and the number of items that one input item can become."""
    count = rng.randint(2, 10)
    nodes = []
    flow = []
    connections = []
    for i in range(count):
        kind, params = kinds(rng)
        node = {
            "id": f"n{i}",
            "node_type": kind,
            "params": params,
            "runtime_hint": rng.choice(HINTS),
        }
        if rng.random() < 0.4:
            node["on_error"] = "skip"
        nodes.append(node)
        arriving = 0
        for start in rng.sample(range(i), min(i, rng.choice([0, 1, 1, 1, 2, 3]))):
            connections.append({"from": f"n{start}", "to": f"n{i}"})
            arriving += flow[start]
        flow.append(max(1, arriving) * max(1, params.get("expansion_factor", 1)))
    rng.shuffle(nodes)
    rng.shuffle(connections)
    return {"version": "v1", "nodes": nodes, "connections": connections}, max(flow)


def with_hints(manifest, hint):
    nodes = [node | {"runtime_hint": hint} for node in manifest["nodes"]]
    return manifest | {"nodes": nodes}


def outcome(manifest, items):
    pipeline = Pipeline.from_manifest(manifest)
    try:
        return [pipeline.run_sync(items, by_sink=True), None]
    except NodeError as error:
        return [error.delivered, [error.node_id, error.item_index, error.node_type]]


def difference_for(seed, monkeypatch):
    rng = random.Random(seed)
    manifest, growth = graph(rng)
    count = min(rng.choice([0, 1, 7, 64, 150]), MOST_ITEMS // growth)
    items = [rng.choice([rng.randint(-20, 20), rng.uniform(-9, 9), "text"][: rng.choice([2, 2, 3])])
             for _ in range(count)]  # fmt: skip
    monkeypatch.setattr(_runner, "BATCH_ITEMS", rng.randint(1, 64))
    python = outcome(with_hints(manifest, "python"), items)
    for name, other in [("rust", with_hints(manifest, "rust")), ("hybrid", manifest)]:
        found = difference(python, outcome(other, items))
        if found:
            return (
                f"seed {seed}: python and {name} differ at {found}\n{json.dumps(manifest)}\n{items}"
            )
    return None


@pytest.mark.parametrize("seed", SEEDS)
def test_engines_agree(seed, monkeypatch):
    found = difference_for(seed, monkeypatch)
    assert found is None, found


def test_the_graphs_are_worth_it():
    """The seeds hold errors, fan-in, several segments, and runs without an error."""
    seen = {"fan-in": 0, "three segments": 0, "sinks": 0, "skip": 0}
    for seed in SEEDS:
        manifest, _ = graph(random.Random(seed))
        ends = [connection["to"] for connection in manifest["connections"]]
        plan = Pipeline.from_manifest(manifest).plan()
        seen["fan-in"] += len(ends) > len(set(ends))
        seen["three segments"] += len(plan["segments"]) >= 3
        seen["sinks"] += len(plan["sinks"]) > 1
        seen["skip"] += any("on_error" in node for node in manifest["nodes"])
    assert min(seen.values()) > 50, seen
