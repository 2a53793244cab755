"""Generating sources: nodes without input ports, whose values are taken one tick at a time."""

from __future__ import annotations

import asyncio
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any

from remotemedia._calls import addressed
from remotemedia._effects import Await
from remotemedia._errors import CapabilityError

if TYPE_CHECKING:
    from remotemedia._calls import Failed, Outputs
    from remotemedia._effects import Effects
    from remotemedia._steps import Step

_closing: set[asyncio.Task[None]] = set()
"""Keeps tasks alive that an event loop holds only weakly."""


class Source:
    """What a generating source still has to give."""

    def __init__(self, step: Step, arguments: tuple[Any, ...]) -> None:
        self._step = step
        self._arguments = arguments
        self._items: Any = None
        self.ended = False

    def tick_for_all(self, rounds: list[int], outputs: Outputs, failed: Failed) -> Effects:
        """Take one value for each round; a failure ends the source."""
        for round_ in rounds:
            if self.ended:
                return
            failure = yield from self._tick(round_, outputs)
            if failure is not None:
                self.ended = True
                failed(self._step, round_, failure)

    def _tick(self, round_: int, outputs: Outputs) -> Effects:
        step = self._step
        refusal = step.circuit and step.circuit.refusal()
        if refusal:
            return refusal
        try:
            step.enter(round_)
            item = yield from self._next()
            if item is not None:
                outputs.add(round_, [addressed(step, item)])
        except Exception as error:  # noqa: BLE001 - a node may raise anything
            step.executions += 1
            step.errors += 1
            step.has_failed()
            return error
        step.executions += item is not None
        step.circuit = None
        return None

    def _next(self) -> Effects:
        """Return the next value, None at the end."""
        if self._items is None:
            result = self._step.node.process(*self._arguments)
            if isinstance(result, CoroutineType):
                result = yield Await(result)
            if not isinstance(result, (GeneratorType, AsyncGeneratorType)):
                self.ended = True
                return result
            self._items = result
        items, item = self._items, None
        try:
            while item is None:
                if isinstance(items, GeneratorType):
                    item = next(items)
                else:
                    item = yield Await(items.__anext__())
        except (StopIteration, StopAsyncIteration):
            self.ended = True
        return item

    def close(self) -> None:
        """Let the generator finish: its `finally` blocks run."""
        items, self._items = self._items, None
        self.ended = True
        if isinstance(items, GeneratorType):
            items.close()
        elif items is not None:
            _finish(items)


def _finish(items: AsyncGeneratorType[Any, None]) -> None:
    """Run the end of an async generator; where it has to wait, in the event loop."""
    steps: Any = items.aclose().__await__()
    try:
        waiting = next(steps)
    except StopIteration:
        return
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        steps.close()
        message = "a generator awaits something at its end: use `await pipeline.run(...)`"
        raise CapabilityError(message) from None
    task = loop.create_task(_wait(_Rest(steps, waiting)))
    _closing.add(task)
    task.add_done_callback(_closing.discard)


async def _wait(rest: _Rest) -> None:
    await rest


class _Rest:
    """An awaitable that has begun already and waits for something."""

    def __init__(self, steps: Any, waiting: Any) -> None:
        self._steps = steps
        self._waiting = waiting

    def __await__(self) -> Any:
        waiting = self._waiting
        while True:
            try:
                value = yield waiting
                step = self._steps.send
            except BaseException as error:  # noqa: BLE001 - it belongs to the awaitable
                step, value = self._steps.throw, error
            try:
                waiting = step(value)
            except StopIteration:
                return
