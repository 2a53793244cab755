"""The conformance vectors natively: Python and Rust by turns (`native`), and the WASI command."""

import pytest
from conformance import VECTORS, column, compare, expectations, failure
from wasi_command import Command

from remotemedia._json_form import from_json_form


@pytest.fixture(scope="module")
def native():
    with column("native") as cells:
        yield cells


@pytest.fixture(scope="module")
def wasi():
    with column("command") as cells:
        yield cells


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    return Command(tmp_path_factory.mktemp("command"))


@pytest.mark.parametrize("name", VECTORS)
async def test_native(name, native):
    await native.check(name, failure(VECTORS[name], ["rust", "python"], ["python", "rust"]))


async def command_failure(command, vector):
    """Run a vector; circuit breakers travel from a run to the next in what goes in and comes out."""
    circuits = {}
    for index, expected in enumerate(expectations(vector)):
        request = {"manifest": vector["manifest"], "circuits": circuits}
        if "input" in expected:
            request["input_data"] = expected["input"]
        if "sources" in expected:
            request["sources"] = expected["sources"]
        result, error = command.run(request)
        circuits = (result or error).get("circuits", {})
        # A failed run writes no result, so there are no outputs to compare.
        sinks = None if error else from_json_form(result["sinks"])
        skipped = None if error else result["skipped"]["count"]
        found = compare(vector, expected, sinks, error, skipped)
        if found:
            return f"run {index}: {found}"
    return None


@pytest.mark.parametrize("name", VECTORS)
async def test_command(name, wasi, command):
    await wasi.check(name, command_failure(command, VECTORS[name]))
