"""Packs the shared pytest suite, its vectors and pytest itself for Pyodide.

    usage: python archive.py FILE.zip

pytest and what it needs are pure Python, so the installed files serve. `py/tests/native`, `cli` and
`packages` stay out: they need a native machine (processes, wasmtime, a terminal, a checkout).
"""

import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DISTRIBUTIONS = ["pytest", "pluggy", "iniconfig", "packaging", "pygments"]
FOLDERS = ["py/tests", "tests/vectors", "packages/pipelines"]
LEFT_OUT = tuple(f"py/tests/{name}/" for name in ("native", "cli", "packages"))


def main(target: Path) -> None:
    """Write the archive."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name in DISTRIBUTIONS:
            for file in distribution(name).files or []:
                if file.parts[0] != ".." and file.suffix != ".pyc":
                    archive.write(str(file.locate()), f"site/{file}")
        for folder in FOLDERS:
            for path in sorted((ROOT / folder).rglob("*")):
                name = path.relative_to(ROOT).as_posix()
                if path.is_file() and "__pycache__" not in name and not name.startswith(LEFT_OUT):
                    archive.write(path, name)


main(Path(sys.argv[1]))
