"""Calls a node for every item of a batch and gathers what it gives."""

from __future__ import annotations

import random
from contextlib import suppress
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any

from remotemedia._effects import Await, Sleep
from remotemedia._errors import NodeError
from remotemedia._node import Out
from remotemedia._values import represent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remotemedia._effects import Effects
    from remotemedia._steps import Step

    Failed = Callable[[Step, int, Exception], bool]
    """Records that a call failed for good; tells whether the node goes on."""

LONGEST_WAIT = 2**31 - 1
"""The most milliseconds between two tries: what timers of all languages can do."""

_SEVERAL = frozenset({GeneratorType, CoroutineType, AsyncGeneratorType, Out})


class Outputs:
    """Columns of what a node gave. `ports` is None as long as all went to `out`."""

    __slots__ = ("ports", "rounds", "values")

    def __init__(self, step: Step) -> None:
        self.rounds: list[int] = []
        self.values: list[Any] = []
        self.ports: list[str] | None = None if "out" in step.node.outputs else []

    def add(self, round_: int, items: list[tuple[str, Any]]) -> None:
        """Append what one call gave."""
        for port, value in items:
            if self.ports is None and port != "out":
                self.ports = ["out"] * len(self.values)
            if self.ports is not None:
                self.ports.append(port)
            self.rounds.append(round_)
            self.values.append(value)

    def of_port(self, port: str) -> tuple[list[int], list[Any]]:
        """Return the columns of one port."""
        if self.ports is None:
            return (self.rounds, self.values) if port == "out" else ([], [])
        kept = [i for i, name in enumerate(self.ports) if name == port]
        return [self.rounds[i] for i in kept], [self.values[i] for i in kept]


def call_for_all(
    step: Step, rounds: list[int], values: list[Any], outputs: Outputs, failed: Failed
) -> Effects:
    """Call `process` for every item."""
    calls = zip(rounds, values, strict=True)  # one iterator: it goes on after a failure
    step.executions += len(rounds)
    going = True
    while going:
        run = _one_by_one if step.is_watched else _in_a_row
        going = yield from run(step, calls, outputs, failed)
    step.executions -= sum(1 for _ in calls)  # they are not made


def _in_a_row(
    step: Step, calls: Iterator[tuple[int, Any]], outputs: Outputs, failed: Failed
) -> Effects:
    """Make calls until one fails, as fast as possible; returns whether there is more to do."""
    process = step.process
    add_round, add_value = outputs.rounds.append, outputs.values.append
    try:
        for round_, value in calls:
            result = process(value)
            kind = type(result)
            if outputs.ports is None and (
                kind is float or (kind is int and -(2**63) <= result < 2**63)
            ):
                add_value(result)
                add_round(round_)
            elif kind in _SEVERAL or outputs.ports is not None:
                outputs.add(round_, (yield from _unfold(step, result)))
            elif result is not None:
                ascii_text = kind is str and result.isascii()
                add_value(result if ascii_text else represent(result))
                add_round(round_)
    except Exception as error:  # noqa: BLE001 - a node may raise anything
        step.errors += 1
        failure = yield from _retry(step, process, (value,), round_, outputs, error)
        return failure is None or failed(step, round_, failure)
    return False


def _one_by_one(
    step: Step, calls: Iterator[tuple[int, Any]], outputs: Outputs, failed: Failed
) -> Effects:
    """Make calls with a deadline, or after a failure; returns whether there is more to do."""
    for round_, value in calls:
        failure = yield from _call(step, step.process, (value,), round_, outputs)
        if failure is not None and not failed(step, round_, failure):
            return False
        if not step.is_watched:
            return True
    return False


def call_flush(step: Step, round_: int, outputs: Outputs, failed: Failed) -> Effects:
    """Call `flush`."""
    failure = yield from _call(step, step.node.flush, (), round_, outputs)
    if failure is not None:
        failed(step, round_, failure)


def _call(
    step: Step, verb: Callable[..., Any], arguments: tuple[Any, ...], round_: int, outputs: Outputs
) -> Effects:
    """Make one call; returns None once it works, else the last exception.

    Only calls with arguments are counted: a flush is no execution.
    """
    refusal = step.circuit and step.circuit.refusal()
    if refusal:
        step.executions -= len(arguments)
        return refusal
    try:
        step.enter(round_)
        outputs.add(round_, (yield from _unfold(step, verb(*arguments))))
    except Exception as error:  # noqa: BLE001 - a node may raise anything
        step.errors += len(arguments)
        return (yield from _retry(step, verb, arguments, round_, outputs, error))
    step.circuit = None
    return None


def _retry(
    step: Step,
    verb: Callable[..., Any],
    arguments: tuple[Any, ...],
    round_: int,
    outputs: Outputs,
    failure: Exception,
) -> Effects:
    """Call again as the manifest asks; returns None once it works, else the last exception."""
    policy = step.retry or {"max_retries": 0}
    for attempt in range(policy["max_retries"]):
        most = min(policy["max_delay_ms"], LONGEST_WAIT)
        with suppress(OverflowError):
            most = min(most, policy["base_delay_ms"] * float(policy["multiplier"]) ** attempt)
        yield Sleep(random.uniform(0, most))  # noqa: S311
        step.executions += len(arguments)
        try:
            step.enter(round_)
            outputs.add(round_, (yield from _unfold(step, verb(*arguments))))
        except Exception as error:  # noqa: BLE001 - a node may raise anything
            step.errors += len(arguments)
            failure = error
        else:
            step.circuit = None
            return None
    step.has_failed()
    return failure


def _unfold(step: Step, result: Any) -> Effects:
    """Return what one call gave as a list of (port, value); all of it or an exception."""
    if isinstance(result, CoroutineType):
        result = yield Await(result)
    if isinstance(result, GeneratorType):
        items = list(result)
    elif isinstance(result, AsyncGeneratorType):
        items = yield Await(_gather(result))
    else:
        items = [result]
    return [addressed(step, item) for item in items if item is not None]


async def _gather(generator: AsyncGeneratorType[Any, None]) -> list[Any]:
    return [item async for item in generator]


def addressed(step: Step, item: Any) -> tuple[str, Any]:
    """Return the port and the value of what a node gave."""
    port, value = item if type(item) is Out else ("out", item)
    if port not in step.node.outputs:
        message = f"there is no output port {port!r}, only {', '.join(step.node.outputs)}"
        raise NodeError(message)
    return port, represent(value)
