"""Prints which conformance vector passes on which host; a missing or failed cell is an error.

    usage: python matrix.py FOLDER [--short] [HOST...]

FOLDER holds one file per host, as the suites write it: `[{"name", "host", "passed", "message"}]`.
All hosts count unless some are named. `--short` adds vectors up by the first word of their names.
"""

import json
import sys
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOSTS = ["rust", "command", "python", "pyodide", "node", "chromium", "native"]
PASSED, FAILED, MISSING = "✔", "✘", "·"


class Matrix:
    """What hosts made of vectors: a message or None for each pair that was tried."""

    def __init__(self, folder: Path, hosts: list[str]) -> None:
        vectors = ROOT / "tests" / "vectors" / "conformance"
        self.names = sorted(path.stem for path in vectors.glob("*.json"))
        self.hosts = hosts
        self.cells: dict[tuple[str, str], str | None] = {}
        for path in folder.glob("*.json"):
            for cell in json.loads(path.read_text(encoding="utf-8")):
                message = None if cell["passed"] else cell["message"] or "failed"
                self.cells[cell["name"], cell["host"]] = message

    def sign(self, name: str, host: str) -> str:
        """Return the sign of a cell."""
        if (name, host) not in self.cells:
            return MISSING
        return PASSED if self.cells[name, host] is None else FAILED

    def wrong(self) -> list[str]:
        """Return a line for every cell that failed, and one per host for those that are missing."""
        failed = [
            f"{host}: {name}: {self.cells[name, host]}"
            for host in self.hosts
            for name in self.names
            if self.sign(name, host) == FAILED
        ]
        for host in self.hosts:
            missing = [name for name in self.names if self.sign(name, host) == MISSING]
            if missing:
                failed.append(f"{host}: {len(missing)} of {len(self.names)} are missing")
        return failed

    def rows(self, *, short: bool) -> list[tuple[str, list[str]]]:
        """Return a name and what stands under each host."""
        if not short:
            return [(name, [self.sign(name, host) for host in self.hosts]) for name in self.names]
        groups = [(key, list(names)) for key, names in groupby(self.names, first_word)]
        return [(key, [self.count(names, host) for host in self.hosts]) for key, names in groups]

    def count(self, names: list[str], host: str) -> str:
        """Return how many of these vectors pass."""
        good = sum(self.sign(name, host) == PASSED for name in names)
        return f"{good}/{len(names)}"


def first_word(name: str) -> str:
    """Return what a vector is about."""
    return name.split("-", maxsplit=1)[0]


def show(matrix: Matrix, *, short: bool) -> None:
    """Print the table, then what is wrong."""
    rows = matrix.rows(short=short)
    rows.append(("all", [matrix.count(matrix.names, host) for host in matrix.hosts]))
    first = max(len(name) for name, _ in rows)
    widths = [max(7, len(host)) for host in matrix.hosts]
    for name, cells in [("", matrix.hosts), *rows]:
        columns = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        print(name.ljust(first), *columns)
    for line in matrix.wrong():
        print(line)


def main(arguments: list[str]) -> int:
    """Print the matrix; returns 1 unless every cell passed."""
    folder, *rest = [each for each in arguments if each != "--short"]
    matrix = Matrix(Path(folder), rest or HOSTS)
    show(matrix, short="--short" in arguments)
    return 1 if matrix.wrong() or not matrix.names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
