"""What `Pipeline.stream` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from remotemedia._effects import Arrive, Await, Give, Sleep

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from remotemedia._effects import Effects
    from remotemedia._feed import Feed
    from remotemedia._pipeline import Pipeline

    Batches = AsyncGenerator[list[tuple[str, Any]], None]


class Stream:
    """An async iterator of (sink, item). It starts with its first item and ends with `aclose`.

    `metrics` and `skipped` are those of the pipeline and complete at the end.
    """

    def __init__(self, pipeline: Pipeline, feed: Feed, batches: Batches) -> None:
        self._pipeline = pipeline
        self._feed = feed
        self._batches = batches
        self._ready: list[tuple[str, Any]] = []

    def __aiter__(self) -> Self:
        """Return itself."""
        return self

    async def __anext__(self) -> tuple[str, Any]:
        """Return the next sink and item; raises what the run failed with after the last one."""
        while not self._ready:
            self._ready = (await self._batches.__anext__())[::-1]
        return self._ready.pop()

    async def aclose(self) -> None:
        """End the run; its sources and nodes are closed when this returns."""
        self._ready = []
        await self._batches.aclose()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the run."""
        await self.aclose()

    @property
    def dropped(self) -> dict[str, int]:
        """How many items of each source were dropped so far, because of its `live` policy."""
        counts = self._feed.dropped
        inputs = self._pipeline.plan()["inputs"]
        names = [entry["node"] for entry in inputs if not entry.get("generates")]
        return {name: counts.get(name, counts.get(None, 0)) for name in names}

    @property
    def skipped(self) -> dict[str, Any]:
        """What `on_error: "skip"` dropped: `{"count", "errors": the first 100}`."""
        return self._pipeline.skipped

    @property
    def metrics(self) -> dict[str, Any] | None:
        """What all runs of the pipeline measured, None unless that is enabled."""
        return self._pipeline.get_metrics()


async def stream_inline(effects: Effects, feed: Feed) -> Batches:
    """Drive a run without a thread and give what it gives."""
    import asyncio

    send: Any = effects.send
    value: Any = None
    try:
        while True:
            try:
                effect = send(value)
            except StopIteration:
                return
            send, value = effects.send, None
            if type(effect) is Give:
                yield effect.items
                continue
            try:
                if type(effect) is Sleep:
                    await asyncio.sleep(effect.milliseconds / 1000)
                elif isinstance(effect, (Await, Arrive)):
                    value = await effect.awaitable
            except Exception as error:  # noqa: BLE001 - it belongs to the generator
                send, value = effects.throw, error
    finally:
        effects.close()
        feed.close()
        await feed.stop()
