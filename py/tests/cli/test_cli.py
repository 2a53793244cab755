import json
from pathlib import Path

import pytest
from segments import chain
from vectors import ROOT

from remotemedia.cli import main

CALCULATOR = ROOT / "packages" / "pipelines" / "calculator"


@pytest.fixture
def bundle(tmp_path, capsys):
    path = tmp_path / "calculator.rmpkg"
    assert main(["pack", str(CALCULATOR), "-o", str(path)]) == 0
    assert "entries" in capsys.readouterr().out
    return str(path)


def manifest(tmp_path, content):
    path = tmp_path / "manifest.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def run(*arguments):
    return main(["run", "--runtime", "python", *arguments])


def test_run_prints_one_line_per_output(bundle, capsys):
    assert run(bundle, "[5, 7, 3]") == 0
    assert capsys.readouterr().out == "20\n24\n16\n"


def test_run_as_json(bundle, capsys):
    assert run(bundle, "--input", "[5]", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["outputs"] == [20]
    assert told["sinks"] == {"add": [20]}
    assert [node["runtime"] for node in told["metrics"]["node_metrics"]] == ["python"] * 2


def test_several_sinks(tmp_path, capsys):
    spec = chain([("PassThroughNode", {}), ("AddNode", {})]) | {"connections": []}
    assert run(manifest(tmp_path, spec), "1") == 0
    assert capsys.readouterr().out == '{"n0": [1]}\n{"n1": [1]}\n'
    assert run(manifest(tmp_path, spec), "1", "--json") == 0
    assert "outputs" not in json.loads(capsys.readouterr().out)


def test_inputs_from_files(tmp_path, capsys):
    echo = manifest(tmp_path, chain([("PassThroughNode", {})]))
    (tmp_path / "in.json").write_text('[{"$number": "NaN"}, {"$bytes": "AA=="}]')
    assert run(echo, f"@{tmp_path}/in.json") == 0
    assert capsys.readouterr().out == '{"$number": "NaN"}\n{"$bytes": "AA=="}\n'
    (tmp_path / "in.wav").write_bytes(b"RIFF")
    assert run(echo, f"@{tmp_path}/in.wav") == 0
    assert capsys.readouterr().out == '{"$bytes": "UklGRg=="}\n'


def test_a_failed_run_exits_with_1(bundle, capsys):
    assert run(bundle, '["x"]') == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "'multiply'" in captured.err
    assert run(bundle, '["x"]', "--json") == 1
    assert json.loads(capsys.readouterr().out)["error"]["node_id"] == "multiply"


def test_a_refused_bundle_is_an_error_as_json(tmp_path, bundle, capsys):
    half = tmp_path / "half.rmpkg"
    half.write_bytes(Path(bundle).read_bytes()[:200])
    assert run(str(half), "[1]", "--json") == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["name"], error["code"]) == ("PackageError", "not_a_zip")


@pytest.mark.parametrize("given", ["{", '{"$bytes": "!"}', "@/no/such/file"])
def test_bad_input_exits_with_2(bundle, capsys, given):
    assert run(bundle, given) == 2
    assert capsys.readouterr().err


def test_a_bad_pipeline_exits_with_2(tmp_path, capsys):
    for content in ("{", chain([("NoNode", {})]), {"version": "v1"}):
        assert run(manifest(tmp_path, content), "1") == 2
    assert run(str(tmp_path / "nothing.json"), "1") == 2
    (tmp_path / "bad.rmpkg").write_bytes(b"no")
    assert run(str(tmp_path / "bad.rmpkg"), "1") == 2
    with pytest.raises(SystemExit) as ended:
        main(["run"])
    assert ended.value.code == 2


def test_validate(tmp_path, bundle, capsys):
    assert main(["validate", bundle, "--runtime", "python"]) == 0
    assert capsys.readouterr().out == "multiply: python\nadd: python\n"
    bad = manifest(tmp_path, chain([("AddNode", {"x": 1}), ("NoNode", {})]))
    assert main(["validate", bad, "--runtime", "python"]) == 2
    assert "$.nodes[0].params.x" in capsys.readouterr().err
    assert main(["validate", bad, "--runtime", "python", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert (told["valid"], len(told["issues"])) == (False, 2)


def test_pack(tmp_path, capsys):
    assert main(["pack", str(tmp_path), "-o", str(tmp_path / "x.rmpkg")]) == 2
    assert main(["pack", str(CALCULATOR), "-o", str(tmp_path / "x.rmpkg"), "--json"]) == 0
    capsys.readouterr()
    bad = tmp_path / "bad"
    bad.mkdir()
    manifest(bad, chain([("AddNode", {"x": 1})]))
    assert main(["pack", str(bad), "-o", str(tmp_path / "y.rmpkg")]) == 2
    assert not (tmp_path / "y.rmpkg").exists()


def test_a_manifest_of_any_name_can_be_packed(tmp_path, capsys):
    path, target = tmp_path / "mine.rmpkg.json", tmp_path / "mine.rmpkg"
    path.write_text(json.dumps(chain([("AddNode", {"addend": 1})])))
    assert main(["pack", "--manifest", str(path), "--output", str(target)]) == 0
    assert run(str(target), "1") == 0
    assert capsys.readouterr().out.endswith("\n2\n")


def test_inspect(bundle, tmp_path, capsys):
    assert main(["inspect", bundle]) == 0
    assert "node multiply: " in capsys.readouterr().out
    assert main(["inspect", bundle, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["metadata"]["package_name"] == "calculator"
    assert set(told["entries"]) == {"manifest.json", "metadata.json", "integrity.json"}
    assert (told["requires"], told["warnings"]) == ([], [])
    (tmp_path / "cut.rmpkg").write_bytes(b"PK")
    assert main(["inspect", str(tmp_path / "cut.rmpkg")]) == 2


def test_nodes(capsys):
    assert main(["nodes", "--json"]) == 0
    catalog = json.loads(capsys.readouterr().out)
    assert [entry["runtime"] for entry in catalog] == ["python"] * len(catalog)
    assert main(["nodes"]) == 0
    assert 'CalculatorNode(operation="add", operand=0.0): ' in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [{"metadata": 1}, {"nodes": [{"id": "a"}]}, {"nodes": 5}])
def test_pack_names_the_issues_of_a_manifest(tmp_path, capsys, wrong):
    manifest(tmp_path, chain([("AddNode", {})]) | wrong)
    assert main(["pack", str(tmp_path), "-o", str(tmp_path / "x.rmpkg")]) == 2
    assert f"$.{next(iter(wrong))}" in capsys.readouterr().err


def test_audio_beyond_its_limits_is_bad_input(bundle):
    audio = '{"$audio": {"sample_rate": 1e400, "channels": 1, "data": ""}}'
    assert run(bundle, audio) == 2
    assert run(bundle, audio.replace("1e400", f'1, "timestamp": 1{"0" * 400}')) == 2


def test_sources_one_by_one(tmp_path, capsys):
    spec = chain([("PassThroughNode", {}), ("AddNode", {})]) | {"connections": []}
    path = manifest(tmp_path, spec)
    assert run(path, "--source", "n0=[1, 2]", "--source", "n1=5") == 0
    assert capsys.readouterr().out == '{"n0": [1, 2]}\n{"n1": [5]}\n'
    assert run(path, "--source", "x=1") == 2
    assert "$.sources.x" in capsys.readouterr().err
    assert run(path, "1", "--source", "n0=1") == 2
    with pytest.raises(SystemExit) as ended:
        run(path, "--source", "n0")
    assert ended.value.code == 2


def test_a_trace_and_what_was_skipped(tmp_path, capsys):
    path = manifest(tmp_path, chain([("AddNode", {"addend": 1}, {"on_error": "skip"})]))
    trace = tmp_path / "trace.json"
    assert run(path, '[1, "x", 3]', "--json", "--trace", str(trace)) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["outputs"] == [2, 4]
    assert told["skipped"]["count"] == 1
    assert told["skipped"]["errors"][0]["item_index"] == 1
    names = [event["name"] for event in json.loads(trace.read_text())["traceEvents"]]
    assert "n0" in names


def test_limits_have_to_be_numbers(bundle):
    assert run(bundle, "[1]", "--timeout-ms", "60000") == 0
    for wrong in ("0", "-1", "soon"):
        with pytest.raises(SystemExit) as ended:
            run(bundle, "[1]", "--timeout-ms", wrong)
        assert ended.value.code == 2


def test_validate_lists_warnings(tmp_path, capsys):
    path = manifest(tmp_path, chain([("AddNode", {})], colour="red"))
    assert main(["validate", path, "--runtime", "python", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["valid"]
    issues = [(issue["code"], issue["path"], issue["severity"]) for issue in told["issues"]]
    assert issues == [("unknown_field", "$.colour", "warning")]
    assert main(["validate", path, "--runtime", "python"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "n0: python\n"
    assert captured.err.startswith("warning: $.colour")
    assert captured.err.count("colour") == 2
