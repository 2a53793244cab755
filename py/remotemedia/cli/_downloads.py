"""What a browser downloads for a pipeline: sizes measured in a folder of assets, or of the release.

`python -m remotemedia.cli._downloads dist/remotemedia` writes the sizes of a release.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from remotemedia import __version__
from remotemedia._json_form import JsonFormError
from remotemedia._requirements import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

RELEASED = Path(__file__).with_name("downloads.json")

RUNTIME, PYODIDE, IN_SANDBOX = "Rust runtime", "Pyodide", "Pyodide in the sandbox"
_PYODIDE = ("pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
_SCRIPTS = ("pyodide.mjs", "pyodide.asm.mjs")
"""Which the sandbox has in its own script."""
_PACKED = (".whl", ".zip")


class Sizes(NamedTuple):
    """Bytes of what a page serves, as it is and as gzip, by name; and where they are known from."""

    source: str
    sizes: dict[str, tuple[int, int]]


class Download(NamedTuple):
    """Something that a browser downloads; the sizes are None if they are not known."""

    name: str
    bytes: int | None
    gzip: int | None


def sizes_of(assets: Path | None) -> Sizes:
    """Measure a folder of assets; without one return the sizes of the release."""
    if assets is not None:
        return Sizes(f"measured in {assets}", measure(assets))
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    sizes = {name: (size, packed) for name, (size, packed) in released["sizes"].items()}
    return Sizes(f"release {released['release']}", sizes)


def measure(assets: Path) -> dict[str, tuple[int, int]]:
    """Measure a folder such as dist/remotemedia: runtime.wasm, and pyodide/ with its lock."""
    pyodide = assets / "pyodide"
    try:
        lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
        packages = {name: pyodide / e["file_name"] for name, e in lock["packages"].items()}
        own = packages.pop("remotemedia")
        core = [*(pyodide / name for name in _PYODIDE), own]
        return {
            RUNTIME: _sum([assets / "runtime.wasm"]),
            PYODIDE: _sum([*core, *(pyodide / name for name in _SCRIPTS)]),
            IN_SANDBOX: _sum([*core, assets / "sandbox.js"]),
            **{name: _sum([path]) for name, path in sorted(packages.items())},
        }
    except (OSError, ValueError, KeyError) as error:
        message = f"{assets} is no folder of assets: {error}"
        raise JsonFormError(message) from None


def downloads(
    sizes: Sizes, *, python: bool, sandbox: bool, requires: Iterable[str]
) -> list[Download]:
    """Return what a browser downloads, beside the page's JavaScript and the bundle."""
    names = [RUNTIME]
    if python:
        names.append(IN_SANDBOX if sandbox else PYODIDE)
        names += map(name_of, requires)
    return [Download(name, *sizes.sizes.get(name, (None, None))) for name in names]


def _sum(paths: list[Path]) -> tuple[int, int]:
    return sum(path.stat().st_size for path in paths), sum(map(_gzip, paths))


def _gzip(path: Path) -> int:
    if path.suffix in _PACKED:  # servers do not compress again what is compressed
        return path.stat().st_size
    return len(gzip.compress(path.read_bytes(), 6, mtime=0))


def _write(assets: Path) -> None:
    told: dict[str, Any] = {"release": __version__, "sizes": measure(assets)}
    RELEASED.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
