"""Finds node classes by type or alias; a built-in node is imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remotemedia._node import Node

BUILT_IN = {
    "PassThroughNode": "pass_through",
    "EchoNode": "echo",
    "MultiplyNode": "multiply",
    "AddNode": "add",
    "CalculatorNode": "calculator",
    "FilterNode": "filter",
    "ExpanderNode": "expander",
    "CounterNode": "counter",
    "BatcherNode": "batcher",
    "RangeGeneratorNode": "range_generator",
    "ZipNode": "zip",
    "TextProcessorNode": "text_processor",
    "DataTransformNode": "data_transform",
    "WavDecodeNode": "wav_decode",
    "AudioChannelsNode": "audio_channels",
    "FormatConverterNode": "format_converter",
    "AudioChunkerNode": "audio_chunker",
    "AudioResampleNode": "audio_resample",
    "VADNode": "vad",
    "SpeechSegmentsNode": "speech_segments",
}
"""Type → module in `remotemedia.nodes`, in the order of the catalog."""

ALIASES = {
    "PassThrough": "PassThroughNode",
    "Echo": "EchoNode",
    "DataTransform": "DataTransformNode",
}
"""Aliases of the built-in nodes; the classes declare them too, and a test compares."""


class Registry:
    """The built-in nodes and those that were added."""

    def __init__(self, nodes: Iterable[type[Node]] = ()) -> None:
        self._added: dict[str, type[Node]] = {}
        for cls in nodes:
            self.add(cls)

    def add(self, cls: type[Node]) -> None:
        """Add a node class; raises ValueError if its type or an alias is taken."""
        if self._added.get(cls.type_name) is cls:
            return
        for name in (cls.type_name, *cls.aliases):
            if self.find(name) is not None:
                message = f"there is a node called {name} already"
                raise ValueError(message)
        self._added[cls.type_name] = cls

    def find(self, name: str) -> type[Node] | None:
        """Return the class of a type or alias, None if there is none."""
        for cls in self._added.values():
            if name == cls.type_name or name in cls.aliases:
                return cls
        name = ALIASES.get(name, name)
        return built_in(name) if name in BUILT_IN else None

    def classes(self) -> list[type[Node]]:
        """Return all classes; imports every built-in node."""
        return [*map(built_in, BUILT_IN), *self._added.values()]

    def catalog(self) -> list[dict[str, Any]]:
        """Return the catalog entries of all nodes."""
        return [cls.entry() for cls in self.classes()]


def built_in(name: str) -> type[Node]:
    """Return the class of a built-in type."""
    module = import_module(f"remotemedia.nodes.{BUILT_IN[name]}")
    cls: type[Node] = getattr(module, name)
    return cls
