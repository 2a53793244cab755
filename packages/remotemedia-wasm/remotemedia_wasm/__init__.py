"""The Rust engine and nodes of RemoteMedia as a WebAssembly module.

The package holds data only. `remotemedia[wasm]` runs it with wasmtime.
"""

from pathlib import Path

__all__ = ["runtime_path"]


def runtime_path() -> Path:
    """Return the path of `runtime.wasm`, a WASI preview 1 reactor.

    A wheel carries the module beside this file. In a checkout, installed editable, it is the module
    that `scripts/build` put into `dist/wasm/`.

    Raises:
        FileNotFoundError: if there is no module at either place.
    """
    here = Path(__file__).resolve().parent
    packaged = here / "runtime.wasm"
    if packaged.is_file():
        return packaged
    built = here.parents[2] / "dist" / "wasm" / "runtime.wasm"
    if built.is_file():
        return built
    raise FileNotFoundError(f"{packaged} does not exist; in a checkout, run scripts/build wasm")
