"""What every node must keep to, whatever it computes: one function per rule."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from remotemedia._declaration import KINDS
from remotemedia._effects import Batch, drive_async
from remotemedia._engine import Engine
from remotemedia._errors import ManifestError
from remotemedia._packet import encode
from remotemedia._packet_reader import decode
from remotemedia._params import check_value
from remotemedia._requirements import need
from remotemedia._steps import is_async_node
from remotemedia._values import represent
from remotemedia.testing._compare import difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remotemedia._node import Node

    Columns = dict[str, list[Any]]
    """Values by port."""

TICKS = 5
"""Rounds of a generating source if nobody says how many."""


class ContractError(AssertionError):
    """A node breaks a rule that all nodes keep to; the message names both."""


class Case(NamedTuple):
    """A node class, what it is made with, what comes in and what must come out."""

    cls: type[Node]
    params: dict[str, Any]
    inputs: Columns
    expected: Columns | None = None
    tolerance: float = 0.0

    @classmethod
    def of(
        cls,
        node: Node | type[Node],
        inputs: Sequence[Any] | Mapping[str, Sequence[Any]],
        expected: Sequence[Any] | Mapping[str, Sequence[Any]] | None,
        tolerance: float,
    ) -> Case:
        """Return the case that the arguments of `check_node` describe."""
        wanted = None if expected is None else _by_port(expected, "out")
        made = node() if isinstance(node, type) else node
        columns = _by_port(inputs, "in")
        if not made.inputs and not columns["in"]:
            count = TICKS if wanted is None else sum(map(len, wanted.values())) + 1
            columns = {"in": [None] * count}
        return cls(type(made), made.params, columns, wanted, tolerance)

    @property
    def is_async(self) -> bool:
        """Whether the node needs an event loop."""
        return is_async_node(self.cls)


def _by_port(given: Sequence[Any] | Mapping[str, Sequence[Any]], port: str) -> Columns:
    if not hasattr(given, "items"):
        return {port: list(given)}
    return {name: list(values) for name, values in given.items()}


class Run:
    """A run of one node, outside any pipeline."""

    def __init__(self, case: Case, cls: type[Node] | None = None) -> None:
        cls = cls or case.cls
        self.inputs: Columns = represent(case.inputs)  # copied, arrays read-only
        self.ports = list(cls.outputs)
        node = {"id": "node", "node_type": case.cls.type_name, "params": case.params, "order": 0}
        first = len(self.inputs)
        entries = [_edge("__In", edge) for edge in range(first)]
        exits = [_edge("__Out", edge, to=None) for edge in range(first, first + len(self.ports))]
        joins = [(f"__In{edge}.out", f"node.{port}") for edge, port in enumerate(self.inputs)]
        joins += [(f"node.{port}", f"__Out{first + k}.in") for k, port in enumerate(self.ports)]
        connections = [{"from": start, "to": end} for start, end in joins]
        segment = {"nodes": [*entries, node, *exits], "connections": connections}
        self.engine = Engine(segment, lambda _: cls)
        self.engine.open()
        self.given: Columns = {port: [] for port in self.ports}

    @property
    def rounds(self) -> int:
        """How many rounds the input has."""
        return max(map(len, self.inputs.values()), default=0)

    async def process(self, start: int, stop: int) -> None:
        """Process the rounds from `start` to before `stop` as one batch."""
        batches = [
            Batch(None, edge, list(range(start, min(stop, len(column)))), column[start:stop])
            for edge, column in enumerate(self.inputs.values())
        ]
        await self._take(self.engine.run(batches))

    async def flush(self) -> None:
        """End the stream."""
        await self._take(self.engine.flush([]))

    async def _take(self, effects: Any) -> None:
        result = await drive_async(effects)
        for batch in result.outputs:
            self.given[self.ports[batch.edge - len(self.inputs)]] += batch.values
        if result.error is not None:
            raise result.error


def _edge(kind: str, edge: int, **params: Any) -> dict[str, Any]:
    return {"id": f"{kind}{edge}", "node_type": kind, "params": {"edge": edge, **params}}


async def outcome(case: Case) -> Columns:
    """Run a fresh node to its end, all rounds as one batch; returns what it gave by port."""
    run = Run(case)
    try:
        await run.process(0, run.rounds)
        await run.flush()
    finally:
        run.engine.close()
    return run.given


async def check_entry(case: Case) -> None:
    """Check that the entry is JSON, defaults keep to their own limits, ports have known kinds."""
    entry = case.cls.entry()
    _same(case, "the catalog entry is not JSON", entry, json.loads(json.dumps(entry)))
    for name, spec in entry["params"]["properties"].items():
        if "default" in spec:
            _, issues = check_value(spec, spec["default"], f"$.params.{name}")
            _require(case, not issues, f"the default of {name} is refused: {issues}")
    for name, port in [*entry["inputs"].items(), *entry["outputs"].items()]:
        unknown = set(port["kinds"]) - KINDS
        _require(case, port["kinds"] and not unknown, f"port {name} has the kinds {port['kinds']}")


async def check_params(case: Case) -> None:
    """Check that unknown params are refused, and the params of a node make the same node."""
    try:
        case.cls(**{**case.params, "no_such_param": 1})
    except ManifestError:
        pass
    else:
        _require(case, None, "unknown params are taken")
    params = case.cls(**case.params).params
    _same(case, "its own params make another node", params, case.cls(**params).params)


async def check_outcome(case: Case) -> None:
    """Check that the outputs are what is expected, and can travel."""
    given = await outcome(case)
    for port, values in given.items():
        header, buffers = encode([0] * len(values), 0, values)
        arrived = decode(header, [bytes(buffer) for buffer in buffers]).values
        _same(case, f"the outputs of {port} do not travel", values, arrived)
    if case.expected is not None:
        expected = {port: case.expected.get(port, []) for port in given} | case.expected
        _same(case, "it does not give what is expected", expected, given, case.tolerance)


async def check_repeatable(case: Case) -> None:
    """Check that two runs with fresh nodes give the same."""
    first, second = await outcome(case), await outcome(case)
    _same(case, "a second run gives something else", first, second)


async def check_item_by_item(case: Case) -> None:
    """Check that batches of one round give the same as one batch, beside a second node."""
    alone = await outcome(case)
    runs = Run(case), Run(case)
    try:
        for start in range(runs[0].rounds):
            for run in runs:
                await run.process(start, start + 1)
        for run in runs:
            await run.flush()
    finally:
        for run in runs:
            run.engine.close()
    for run in runs:
        problem = "item by item, beside a second node, it gives something else than in one batch"
        _same(case, problem, alone, run.given)


async def check_input_untouched(case: Case) -> None:
    """Check that a node leaves its input as it was."""
    run = Run(case)
    before = represent(case.inputs)
    try:
        await run.process(0, run.rounds)
        await run.flush()
    finally:
        run.engine.close()
    _same(case, "it changed its input", before, run.inputs)


async def check_lifecycle(case: Case) -> None:
    """Check that `init` and `close` run once, also in a run that ends early, without flush."""
    for ends_early in (False, True):
        calls: list[str] = []
        run = Run(case, _counting(case.cls, calls))
        try:
            await run.process(0, run.rounds // 2 if ends_early else run.rounds)
            if not ends_early:
                await run.flush()
        finally:
            run.engine.close()
        _require(case, calls == ["init", "close"], f"these were called: {', '.join(calls)}")


def _counting(cls: type[Node], calls: list[str]) -> type[Node]:
    """Return a subclass that notes its calls of `init` and `close`."""

    def noting(verb: str) -> Any:
        def call(self: Node) -> None:
            calls.append(verb)
            getattr(super(subclass, self), verb)()

        return call

    verbs = {verb: noting(verb) for verb in ("init", "close")}
    subclass: type[Node] = type(cls.__name__, (cls,), verbs)
    return subclass


async def check_empty_stream(case: Case) -> None:
    """Check that without any item flush and close work."""
    await outcome(case._replace(inputs={port: [] for port in case.inputs}))


CHECKS = (
    check_entry,
    check_params,
    check_outcome,
    check_repeatable,
    check_item_by_item,
    check_input_untouched,
    check_lifecycle,
    check_empty_stream,
)


async def check_all(case: Case) -> None:
    """Check every rule, once the packages that the node requires are there."""
    need(list(case.cls.requires))
    for check in CHECKS:
        await check(case)


def _require(case: Case, holds: Any, problem: str) -> None:
    if not holds:
        message = f"{case.cls.type_name}: {problem}"
        raise ContractError(message)


def _same(case: Case, problem: str, expected: Any, actual: Any, tolerance: float = 0.0) -> None:
    found = difference(expected, actual, tolerance)
    _require(case, found is None, f"{problem}: {found}")
