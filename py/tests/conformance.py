"""Runs conformance vectors (tests/vectors/README.md) and records for the matrix which of them passed."""

import json
import os
from contextlib import contextmanager
from pathlib import Path

from vectors import difference, load_all

from remotemedia import Pipeline, RemoteMediaError
from remotemedia._json_form import from_json_form

VECTORS = load_all("conformance")
EXPECTED = ("input", "sources", "sinks", "error", "skipped")


def expectations(vector):
    """Return the runs of a vector, each with what goes in and what must come out."""
    return vector.get("runs") or [{key: vector[key] for key in EXPECTED if key in vector}]


def forced(manifest, hints):
    """Return the manifest with these runtimes for its nodes, again and again from the first."""
    nodes = [
        node | {"runtime_hint": hints[index % len(hints)]}
        for index, node in enumerate(manifest["nodes"])
    ]
    return manifest | {"nodes": nodes}


async def run_pipeline(pipeline, expected):
    """Run a pipeline; returns sinks, the error's wire shape or None, and how many were skipped."""
    given = from_json_form({key: expected[key] for key in ("input", "sources") if key in expected})
    arguments = (given["input"],) if "input" in given else ()
    options = {"sources": given["sources"]} if "sources" in given else {}
    try:
        sinks = await pipeline.run(*arguments, **options, by_sink=True)
    except RemoteMediaError as error:
        return error.delivered or {}, error.to_wire(), None
    return sinks, None, pipeline.skipped["count"]


def compare(vector, expected, sinks, error, skipped):
    """Return what differs from what the vector expects, None if nothing does."""
    wanted = expected.get("error")
    found = error and {key: error[key] for key in wanted or ("name", "message")}
    if found != wanted:
        return f"error {found} instead of {wanted}"
    if skipped is not None and skipped != expected.get("skipped", 0):
        return f"{skipped} skipped instead of {expected.get('skipped', 0)}"
    if sinks is None:
        return None
    if not expected["sinks"]:  # refused before the run began
        return f"outputs {sinks}" if any(sinks.values()) else None
    return difference(from_json_form(expected["sinks"]), sinks, vector.get("tolerance", 0))


async def failure(vector, *plans):
    """Run a vector with each list of runtimes; returns what is wrong, None if nothing is."""
    for hints in plans:
        # All in Python: planned in Python too, as where there is no Rust module.
        hint = "python" if {*hints} == {"python"} else "auto"
        pipeline = Pipeline.from_manifest(forced(vector["manifest"], hints), runtime_hint=hint)
        for index, expected in enumerate(expectations(vector)):
            found = compare(vector, expected, *await run_pipeline(pipeline, expected))
            if found:
                return f"run {index} in {'/'.join(hints)}: {found}"
    return None


class Cells:
    """What one host made of the vectors: a column of the matrix."""

    def __init__(self, host):
        self.host = host
        self.cells = []

    async def check(self, name, failing):
        """Await what is wrong with a vector, record it, and fail if there is something."""
        try:
            message = await failing
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            raise
        finally:
            cell = {"name": name, "host": self.host, "passed": message is None}
            self.cells.append(cell | {"message": message})
        assert message is None, message


@contextmanager
def column(host):
    """Give the cells of a host, and write them if REMOTEMEDIA_CONFORMANCE names a folder."""
    cells = Cells(host)
    yield cells
    folder = os.environ.get("REMOTEMEDIA_CONFORMANCE")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, f"{host}.json").write_text(json.dumps(cells.cells), encoding="utf-8")
