"""The conformance vectors in the Python engine; inside Pyodide this file is the host `pyodide`."""

import sys

import pytest
from conformance import VECTORS, column, failure


@pytest.fixture(scope="module")
def cells():
    with column("pyodide" if sys.platform == "emscripten" else "python") as cells:
        yield cells


@pytest.mark.parametrize("name", VECTORS)
async def test_vector(name, cells):
    await cells.check(name, failure(VECTORS[name], ["python"]))
