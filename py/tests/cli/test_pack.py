"""`remotemedia pack`, and what npm scripts make of it."""

import json
import subprocess

import pytest
from command_line import PASS, write_manifest
from vectors import ROOT

from remotemedia import Package, RuntimeLoadError
from remotemedia.cli import main

CALCULATOR = ROOT / "packages" / "pipelines" / "calculator"


def test_without_arguments_the_folder_here_is_packed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_manifest(tmp_path, PASS | {"metadata": {"name": "mine"}})
    assert main(["pack"]) == 0
    assert capsys.readouterr().out.startswith("mine.rmpkg: ")
    first = (tmp_path / "mine.rmpkg").read_bytes()
    assert main(["pack", "."]) == 0
    assert (tmp_path / "mine.rmpkg").read_bytes() == first
    assert main(["pack", ".", "--manifest", "manifest.json"]) == 2
    assert "either DIR or --manifest" in capsys.readouterr().err


def test_metadata_of_a_file_goes_over_that_of_the_manifest(tmp_path, capsys):
    write_manifest(tmp_path, PASS | {"metadata": {"name": "mine", "author": "Ada"}})
    given = tmp_path / "given.json"
    given.write_text('{"package_name": "theirs", "tags": ["a"]}')
    target = tmp_path / "x.rmpkg"
    arguments = ["pack", str(tmp_path), "-o", str(target), "--metadata", str(given)]
    assert main(arguments) == 0
    metadata = Package.load(target).metadata
    assert metadata["package_name"] == "theirs"
    assert (metadata["author"], metadata["tags"]) == ("Ada", ["a"])
    for wrong in ("[]", "{"):
        given.write_text(wrong)
        assert main(arguments) == 2
        assert "given.json is not " in capsys.readouterr().err


def test_a_runtime_of_the_earlier_system_is_left_out(tmp_path, capsys):
    write_manifest(tmp_path, PASS)
    target = tmp_path / "x.rmpkg"
    assert main(["pack", str(tmp_path), "-o", str(target), "-w", "none.wasm"]) == 0
    assert (
        capsys.readouterr().err == "warning: --wasm is left out: every host has its own runtime\n"
    )
    assert "runtime.wasm" not in Package.load(target).files


def test_a_warning_of_the_manifest_is_told_once(tmp_path, capsys):
    write_manifest(tmp_path, PASS | {"colour": "red"})
    assert main(["pack", str(tmp_path), "-o", str(tmp_path / "x.rmpkg")]) == 0
    assert capsys.readouterr().err.count("$.colour") == 1


def test_a_node_of_rust_cannot_be_checked_without_rust(tmp_path, capsys, monkeypatch):
    from segments import chain

    def load():
        raise RuntimeLoadError("not here")

    monkeypatch.setattr("remotemedia._planning.load_rust", load)
    write_manifest(tmp_path, chain([("GainNode", {})]))
    assert main(["pack", str(tmp_path), "-o", str(tmp_path / "x.rmpkg")]) == 1
    assert "no Python implementation of GainNode, and not here" in capsys.readouterr().err


def npm(*arguments):
    return subprocess.run(
        ["npm", "run", "--silent", *arguments],  # noqa: S607 - as people call it
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("options", [("--manifest", "--output"), ("-m", "-o")])
def test_npm_scripts_pack_and_test(tmp_path, options):
    manifest, output = options
    target = tmp_path / "it.rmpkg"
    packed = npm("package", "--", manifest, str(CALCULATOR / "manifest.json"), output, str(target))
    assert (packed.returncode, packed.stdout.partition(":")[0]) == (0, str(target))
    tested = npm("test-package", "--", str(target))
    assert tested.returncode == 0
    assert "node multiply: rust:runtime" in tested.stdout
    target.write_bytes(b"PK")
    tested = npm("test-package", "--", str(target), "--json")
    assert tested.returncode == 2
    assert json.loads(tested.stdout)["error"]["code"] == "not_a_zip"
