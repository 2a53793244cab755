"""Finds node classes by type or alias; a built-in node is imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from remotemedia._catalog import Catalog
from remotemedia._errors import RemoteMediaError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remotemedia._bundle import Bundle
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
    """The built-in nodes, those that were added, and those that a bundle brings."""

    def __init__(self, nodes: Iterable[type[Node]] = ()) -> None:
        self._added: dict[str, type[Node]] = {}
        self.bundle: Bundle | None = None
        """The bundle of the pipeline, None if it is of none."""
        for cls in nodes:
            self.add(cls)

    def add(self, cls: type[Node]) -> None:
        """Add a node class; raises ValueError if its type or an alias is taken."""
        if self._added.get(cls.type_name) is cls:
            return
        for name in (cls.type_name, *cls.aliases):
            if self.find(name) is not None or (self.bundle and self.bundle.entry(name)):
                message = f"there is a node called {name} already"
                raise ValueError(message)
        self._added[cls.type_name] = cls

    def find(self, name: str) -> type[Node] | None:
        """Return the class of a type or alias, None if there is none; a bundle is left alone."""
        for cls in self._added.values():
            if name == cls.type_name or name in cls.aliases:
                return cls
        name = ALIASES.get(name, name)
        return built_in(name) if name in BUILT_IN else None

    def runnable(self, name: str) -> type[Node] | None:
        """Return the class of a type or alias as `find` does, else import it of the bundle."""
        cls = self.find(name)
        return self.bundle.find(name) if cls is None and self.bundle is not None else cls

    def requirements(self, names: Iterable[str]) -> list[str]:
        """Return the packages that Python nodes of these types need, with their versions."""
        found: set[str] = set()
        for name in names:
            cls = self.find(name)
            entry = self.bundle.entry(name, "python") if self.bundle else None
            found.update(cls.requires if cls else (entry or {}).get("requires", ()))
        return sorted(found)

    def schema(self, name: str) -> dict[str, Any] | None:
        """Return the JSON Schema of a type's params, None if it is not known here."""
        cls = self.find(name)
        if cls is not None or self.bundle is None:
            return cls.schema() if cls else None
        try:
            entry = Catalog(self.bundle.places).find(name)
        except RemoteMediaError:  # the planner tells what is wrong with it
            return None
        return entry["params"] if entry else None

    def classes(self) -> list[type[Node]]:
        """Return all classes; imports every built-in node."""
        return [*map(built_in, BUILT_IN), *self._added.values()]

    def catalog(self) -> list[dict[str, Any]]:
        """Return the catalog entries of all Python nodes."""
        of_bundle = self.bundle.places.get("python", []) if self.bundle else []
        return [*(cls.entry() for cls in self.classes()), *of_bundle]

    def catalogs(self) -> dict[str, list[dict[str, Any]]]:
        """Return the catalogs by place: that of Python, and those of the bundle's modules."""
        return {**(self.bundle.places if self.bundle else {}), "python": self.catalog()}


def built_in(name: str) -> type[Node]:
    """Return the class of a built-in type."""
    module = import_module(f"remotemedia.nodes.{BUILT_IN[name]}")
    cls: type[Node] = getattr(module, name)
    return cls
