"""What docs/migration.md says of the earlier system's examples is so."""

import re

import pytest
from vectors import ROOT

import remotemedia
from remotemedia import ManifestError, ManifestWarning, Pipeline
from remotemedia.cli import main

PAGE = (ROOT / "docs" / "migration.md").read_text(encoding="utf-8")


def rows(heading):
    """Return the cells of the first table below a heading, without its first two rows."""
    section = re.split(r"\n#", PAGE.split(f"{heading}\n", 1)[1])[0]
    table = [line.strip("|").split(" | ") for line in section.splitlines() if line[:1] == "|"]
    return [[cell.strip() for cell in row] for row in table[2:]]


def manifest(node_type="MultiplyNode", *, version="v1", **fields):
    return {"version": version, "nodes": [{"id": "a", "node_type": node_type, **fields}]}


def codes(given):
    try:
        Pipeline.from_manifest(given).plan()
    except ManifestError as error:
        return {issue.code for issue in error.issues if issue.severity == "error"}
    return set()


TYPES = [(name, now) for types, now in rows("### Nodes") for name in re.findall(r"`(\w+)`", types)]


@pytest.mark.parametrize(("name", "now"), TYPES)
def test_a_type_is_known_or_not(name, now):
    assert ("unknown_type" in codes(manifest(name))) == now.startswith("unknown")
    for other in re.findall(r"`(\w+Node)`", now):
        assert "unknown_type" not in codes(manifest(other))


def test_fields_that_are_ignored_and_hints():
    [ignored, hints, *_] = rows("## Manifests")
    fields = re.findall(r"`(\w+)`", ignored[0])
    assert len(fields) == 4
    with pytest.warns(ManifestWarning) as warned:
        Pipeline.from_manifest(manifest(**{field: {} for field in fields})).plan()
    assert len(warned) == len(fields)
    words = set(re.findall(r"`(\w+)`", hints[0])) - {"runtime_hint"}
    assert words == {"auto", "rust_python", "cpython", "cpython_wasm"}
    for word in words:
        [segment] = Pipeline.from_manifest(manifest(runtime_hint=word)).plan()["segments"]
        assert segment["place"].startswith("rust" if word == "auto" else "python")


def test_what_is_refused_of_manifests():
    assert codes(manifest(params=None)) == {"wrong_type"}
    assert "version_mismatch" in codes(manifest(version="1.0"))
    assert codes(manifest("AudioResampleNode", params={"target_rate": 8000})) == {"unknown_param"}


def test_a_run_without_input_ends():
    pipeline = Pipeline.from_manifest(manifest())
    with pytest.raises(remotemedia.NodeError):
        pipeline.run_sync()
    assert pipeline.run_sync([]) == []


def test_the_python_example():
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names = {}
    exec(code, names)  # noqa: S102 - our own documentation
    assert names["numbers"] == [20, 24, 16]
    assert [result["is_speech"] for result in names["results"]] == [False, False]
    assert len(names["metrics"]["node_metrics"]) == 2
    assert '"factor": 2' in names["manifest"]


def test_from_yaml_as_it_was_documented(tmp_path):
    path = tmp_path / "audio.yaml"
    path.write_text("version: v1\nnodes:\n- {id: a, node_type: MultiplyNode}\n")
    pipeline = Pipeline.from_yaml(path, enable_metrics=True, runtime_hint="auto")
    assert pipeline.run_sync([5, 7]) == [10, 14]


def test_what_is_gone_from_python_is_gone():
    gone = [words for words, _ in rows("## Python")]
    assert "`process(stream)`" in gone
    for name in ("process", "initialize", "cleanup", "from_definition", "export_definition"):
        assert not hasattr(Pipeline, name)
    for name in ("try_load_rust_runtime", "get_rust_runtime", "core"):
        assert not hasattr(remotemedia, name)


def test_the_packaging_commands(tmp_path, capfd):
    bundle = tmp_path / "calculator.rmpkg"
    source = ROOT / "packages" / "pipelines" / "calculator" / "manifest.json"
    packed = ["pack", "--manifest", str(source), "--output", str(bundle)]
    assert main(packed) == 0
    assert main(["inspect", str(bundle)]) == 0
    assert main([*packed, "--wasm", "runtime.wasm"]) == 0
    assert "--wasm is left out" in capfd.readouterr().err
