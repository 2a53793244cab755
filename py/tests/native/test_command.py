"""The WASI command under plain wasmtime: stdin to stdout. Needs `scripts/build wasm`."""

import json

import pytest
from vectors import difference, load_all
from wasi_command import Command

from remotemedia._json_form import from_json_form

VECTORS = {
    name: vector
    for name, vector in load_all("pipelines").items()
    if "rust" in vector.get("runtimes", ["rust", "python"])
}


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    return Command(tmp_path_factory.mktemp("command"))


@pytest.mark.parametrize("name", VECTORS)
def test_vectors(command, name):
    vector = VECTORS[name]
    request = {"manifest": vector["manifest"], "input_data": vector["input"]}
    code, out, err = command(json.dumps(request))
    if "error" in vector:
        error = json.loads(err)
        assert (code, out) == (1, "")
        assert {key: error[key] for key in vector["error"]} == vector["error"]
        return
    assert (code, err) == (0, "")
    result = json.loads(out)
    expected = from_json_form(vector["sinks"])
    found = from_json_form(result["sinks"])
    assert difference(expected, found, vector.get("tolerance", 0)) is None
    if len(expected) == 1:
        assert result["outputs"] == next(iter(result["sinks"].values()))


def test_a_bare_manifest_gets_no_items(command):
    manifest = {"version": "v1", "nodes": [{"id": "n", "node_type": "PassThroughNode"}]}
    code, out, _ = command(json.dumps(manifest))
    assert (code, json.loads(out)["outputs"]) == (0, [])


@pytest.mark.parametrize("text", ["", "[1", "null", '{"version": "v2", "nodes": []}'])
def test_bad_input_is_code_2_and_an_error_as_json(command, text):
    code, out, err = command(text)
    assert (code, out) == (2, "")
    assert json.loads(err)["name"]
