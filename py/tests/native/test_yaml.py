import json

import pytest

from remotemedia import ManifestError, Package, Pipeline
from remotemedia._package import manifest_in, pack
from remotemedia.cli import main

TEXT = """
version: v1
metadata: {name: yaml}
nodes:
  - id: multiply
    node_type: MultiplyNode
    params: {factor: 3}
  - {id: add, node_type: AddNode, params: {addend: 1}}
connections:
  - {from: multiply, to: add}
"""


def test_text_and_files(tmp_path):
    path = tmp_path / "pipeline.yaml"
    path.write_text(TEXT)
    for source in (TEXT, path, str(path)):
        assert Pipeline.from_yaml(source, runtime_hint="python").run_sync(2) == 7
    assert main(["run", str(path), "2"]) == 0


@pytest.mark.parametrize("text", ["a: [\n", "\n!!python/object:os.system {}\n", "a: 1\na: 2\n"])
def test_what_is_no_yaml(text):
    with pytest.raises(ManifestError, match="not YAML"):
        Pipeline.from_yaml(text)


def test_a_folder_with_yaml_is_packed_as_json(tmp_path):
    (tmp_path / "manifest.yaml").write_text(TEXT)
    package = Package.load(pack(manifest_in(tmp_path)))
    assert package.manifest["nodes"][1]["id"] == "add"
    assert json.loads(package.files["manifest.json"]) == package.manifest
