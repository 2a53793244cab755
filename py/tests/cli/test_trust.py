"""What runs of a bundle that brings Python of its own, and of a folder of sources."""

import json

import pytest
from command_line import PASS, run, write_manifest

from remotemedia.cli import main


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    """A folder with the project `clamp` and its bundle."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMOTEMEDIA_CACHE", str(tmp_path / "cache"))
    assert main(["new", "node", "clamp"]) == 0
    assert main(["pack", "clamp"]) == 0
    capsys.readouterr()
    return tmp_path


def error(capsys):
    return json.loads(capsys.readouterr().out)["error"]


def test_a_stranger_s_python_does_not_run(here, capsys):
    assert run("clamp.rmpkg", "5", "--json") == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["code"] == "untrusted_code"
    assert "your rights" in captured.err
    assert "--trust" in captured.err
    assert main(["validate", "clamp.rmpkg"]) == 0
    assert capsys.readouterr().out == "clamp: python\n"


def test_it_runs_if_you_say_so(here, capsys):
    assert run("clamp.rmpkg", "[-5, 7, 30]", "--trust") == 0
    assert capsys.readouterr().out == "0\n7\n10\n"


def test_it_runs_if_you_trust_the_key(here, capsys):
    assert main(["sign", "clamp.rmpkg", "--key", "my.key", "--new-key"]) == 0
    capsys.readouterr()
    assert run("clamp.rmpkg", "5", "--require-signature", "--json") == 2
    assert error(capsys)["code"] == "signature_required"
    assert run("clamp.rmpkg", "5", "--trusted-key", "my.key.pub", "--require-signature") == 0
    assert capsys.readouterr().out == "5\n"


@pytest.mark.parametrize("source", ["clamp", "clamp/manifest.json"])
def test_your_own_folder_runs(here, capsys, source):
    assert run(source, "[-5, 7, 30]") == 0
    assert capsys.readouterr().out == "0\n7\n10\n"
    assert main(["validate", source]) == 0
    assert capsys.readouterr().out == "clamp: python\n"


def test_an_error_in_your_folder_shows_your_file_and_line(here, capsys):
    path = here / "clamp" / "nodes" / "clamp.py"
    path.write_text(path.read_text().replace("return min", "return 1 / 0 + min"))
    assert run("clamp", "5") == 1
    told = capsys.readouterr().err
    line = (
        path.read_text()
        .splitlines()
        .index("        return 1 / 0 + min(max(item, self.low), self.high)")
    )
    assert f'File "{path}", line {line + 1}, in process' in told
    assert "ZeroDivisionError" in told


def test_a_module_that_cannot_be_imported_is_told_with_its_line(here, capsys):
    (here / "clamp" / "nodes" / "clamp.py").write_text("import nothing_of_that_name\n")
    for command in (["pack", "clamp"], ["run", "clamp", "5"]):
        assert main(command) == 2
        told = capsys.readouterr().err
        assert "clamp.py" in told
        assert "nothing_of_that_name" in told


def test_a_type_that_is_nowhere(here, capsys):
    manifest = json.loads((here / "clamp" / "manifest.json").read_text())
    manifest["nodes"][0]["node_type"] = "ClapmNode"
    write_manifest(here / "clamp", manifest)
    for command in (["pack", "clamp"], ["run", "clamp", "5"]):
        assert main(command) == 2
        assert "$.nodes[0].node_type" in capsys.readouterr().err


def test_only_bundles_have_signatures(here, capsys):
    assert run("clamp", "5", "--require-signature", "--json") == 2
    assert error(capsys)["code"] == "signature_required"


def test_origins_have_to_be_granted(tmp_path, capsys):
    origin = "https://api.example.com"
    capabilities = {"runtime": {"capabilities": {"network": [origin]}}}
    write_manifest(tmp_path, PASS | capabilities)
    bundle = tmp_path / "it.rmpkg"
    assert main(["pack", str(tmp_path), "-o", str(bundle)]) == 0
    capsys.readouterr()
    assert run(bundle, "5", "--json") == 2
    told = error(capsys)
    assert told["code"] == "not_granted"
    assert origin in told["message"]
    assert run(bundle, "5", "--grant-network", origin) == 0
    assert capsys.readouterr().out == "5\n"


@pytest.mark.parametrize("command", [["run", "clamp.rmpkg", "5"], ["validate", "clamp.rmpkg"]])
def test_a_folder_that_is_called_like_a_bundle_is_not_yours(here, capsys, command):
    (here / "clamp.rmpkg").unlink()
    source = (here / "clamp" / "nodes" / "clamp.py").read_text()
    (here / "clamp" / "nodes" / "clamp.py").write_text(f"print('it ran')\n{source}")
    (here / "clamp").rename(here / "clamp.rmpkg")
    assert main([*command, "--json"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["code"] == "not_a_zip"
    assert "it ran" not in captured.out


def test_a_folder_has_no_signature(here, capsys):
    assert run("clamp", "5", "--require-signature", "--json") == 2
    assert error(capsys)["code"] == "signature_required"


def test_capitals_in_the_name_of_a_bundle(here, capsys):
    (here / "clamp.rmpkg").rename(here / "CLAMP.RMPKG")
    assert run("CLAMP.RMPKG", "5", "--trust") == 0
    assert capsys.readouterr().out == "5\n"


@pytest.mark.parametrize("code", ["0", "3", "'bye'"])
def test_a_node_that_exits_does_not_look_like_a_run_that_succeeded(here, capsys, code):
    path = here / "clamp" / "nodes" / "clamp.py"
    path.write_text(path.read_text().replace("return min", f"raise SystemExit({code}) or min"))
    assert run("clamp", "5") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"a node has ended the run: SystemExit: {code.strip(chr(39))}\n"
