"""Rust natively: `runtime.wasm`, which plans, and the modules of bundles, which are confined."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from remotemedia._errors import RemoteMediaError, RuntimeLoadError
from remotemedia._hosts.compiled import PATH_VARIABLE, Compiled, compile_module, compile_runtime
from remotemedia._hosts.rust_module import RustModule
from remotemedia._hosts.rust_segment import FAILED
from remotemedia._hosts.surroundings import check_imports, confine, define_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from remotemedia._hosts.rust_module import Enter
    from remotemedia._hosts.rust_segment import RustSegment

__all__ = ["PATH_VARIABLE", "BundleModule", "RustRuntime", "read_catalog"]


class Bundle(Protocol):
    """What brings modules along."""

    @property
    def modules(self) -> Mapping[str, bytes]:
        """WebAssembly modules by name: that of the place `rust:<name>`."""
        ...

    @property
    def root(self) -> Path:
        """The folder with `models/` and `assets/`."""
        ...


class BundleModule(RustModule):
    """A module of a bundle, which is untrusted: confined, and its answers may be nonsense."""

    def __init__(
        self, compiled: Compiled, engine: Any = None, files: Callable[[], Path] | None = None
    ) -> None:
        self._files = files
        super().__init__(compiled, engine)

    def _surroundings(self) -> tuple[Any, Any]:
        check_imports(self._module, self.name)
        _, linker = super()._surroundings()
        define_clock(self._wasmtime, linker)
        return confine(self._wasmtime, self._module, self._files), linker


class RustRuntime(RustModule):
    """The module with the built-in nodes and the planner, and with it the modules of a bundle."""

    def __init__(self, compiled: Compiled) -> None:
        self._others: dict[str, BundleModule] = {}
        self.bundle: Bundle | None = None
        """Where modules of other places come from."""
        self.load_ms = 0.0
        """How long it took to load."""
        self.size = compiled.size
        """Of the module's file, in bytes."""
        super().__init__(compiled)

    @classmethod
    def load(cls) -> RustRuntime:
        """Make a runtime; raises RuntimeLoadError that says what is missing."""
        start = perf_counter()
        runtime = cls(compile_runtime())
        runtime.load_ms = (perf_counter() - start) * 1000
        return runtime

    def plan(self, request: str) -> dict[str, Any]:
        """Plan; returns the response, raises if the request is unreadable."""
        with self.lock:
            self.call("rm_plan", self.write(request.encode()))
            if self.answer().status == FAILED:
                raise self.error()
            response: dict[str, Any] = self.json()
        return response

    def open(self, segment: dict[str, Any], enter: Enter | None = None) -> RustSegment:
        """Open a segment in the module that its place names."""
        name = segment.get("place", "rust:runtime").removeprefix("rust:")
        if name == "runtime":
            return super().open(segment, enter)
        with self.lock:
            if name not in self._others:
                self._others[name] = self._load(name)
        return self._others[name].open(segment, enter)

    def _load(self, name: str) -> BundleModule:
        content = None if self.bundle is None else self.bundle.modules.get(name)
        if self.bundle is None or content is None:
            message = f"there is no module for the place rust:{name}"
            raise RuntimeLoadError(message)
        bundle = self.bundle
        compiled = compile_module(f"modules/{name}.wasm", content)
        return BundleModule(compiled, self._engine, lambda: bundle.root)

    @property
    def busy(self) -> bool:
        """Whether an export is being called: `interrupt` ends that."""
        return self._is_called or any(module.busy for module in [*self._others.values()])

    def tidy(self) -> None:
        """Make new instances of what is broken or has grown large; no segment is open."""
        super().tidy()
        for module in self._others.values():
            module.tidy()


def read_catalog(content: bytes, name: str = "the module") -> list[dict[str, Any]]:
    """Return the catalog entries of a module's nodes; raises RuntimeLoadError."""
    try:
        return BundleModule(compile_module(name, content)).catalog()
    except RuntimeLoadError:
        raise
    except RemoteMediaError as error:
        message = f"{name} cannot tell its nodes: {error}"
        raise RuntimeLoadError(message) from error
