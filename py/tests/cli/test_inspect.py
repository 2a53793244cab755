"""`remotemedia inspect`: what is told of a bundle without running it."""

import hashlib
import io
import json
import zipfile

import pytest
from archives import read_zip
from command_line import write_manifest
from segments import chain
from vectors import ROOT

from remotemedia._package import Package
from remotemedia._zip import write_zip
from remotemedia.cli import main
from remotemedia.cli._downloads import RELEASED, measure

ASSETS = ROOT / "dist" / "remotemedia"
SAYS_HELLO = """
from remotemedia import Node

raise SystemExit("code of the bundle ran")
"""


@pytest.fixture
def node_bundle(tmp_path, monkeypatch, capsys):
    """A bundle with a node of its own, a model and an origin."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "node", "clamp"]) == 0
    manifest = json.loads((tmp_path / "clamp" / "manifest.json").read_text())
    manifest["metadata"] |= {"license": "MIT", "author": "Ada"}
    manifest["runtime"] = {"capabilities": {"network": ["https://api.example.com"]}}
    write_manifest(tmp_path / "clamp", manifest)
    (tmp_path / "clamp" / "models").mkdir()
    (tmp_path / "clamp" / "models" / "net.bin").write_bytes(bytes(1000))
    assert main(["pack", "clamp"]) == 0
    capsys.readouterr()
    return tmp_path / "clamp.rmpkg"


def inspect(capsys, *arguments):
    assert main(["inspect", *map(str, arguments)]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def facts(capsys, *arguments):
    return json.loads(inspect(capsys, *arguments, "--json"))


def repacked(path, **changed):
    """The bundle with files replaced or added, its integrity made anew."""
    files = {name: bytes(content) for name, content in read_zip(path.read_bytes()).items()}
    files |= {name.replace("__", "/"): content for name, content in changed.items()}
    files.pop("signature.json", None)
    entries = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name != "integrity.json"
    }
    files["integrity.json"] = json.dumps({"algorithm": "sha256", "entries": entries}).encode()
    path.write_bytes(write_zip(files))


def test_everything_as_json(node_bundle, capsys):
    told = facts(capsys, node_bundle)
    content = node_bundle.read_bytes()
    assert told["id"] == hashlib.sha256(content).hexdigest()
    assert told["bytes"] == len(content)
    assert (told["trust"], told["key_id"]) == ("unsigned", None)
    assert told["entries"]["models/net.bin"] == 1000
    assert told["hashes"]["models/net.bin"] == hashlib.sha256(bytes(1000)).hexdigest()
    (node,) = told["nodes"]
    assert node == {
        "id": "clamp",
        "type": "ClampNode",
        "place": "python",
        "summary": "Limits numbers to a range.",
    }
    assert told["capabilities"] == {"network": ["https://api.example.com"]}
    assert told["licences"] == {"the bundle": "MIT"}
    assert told["warnings"] == []


def test_everything_as_text(node_bundle, capsys):
    text = inspect(capsys, node_bundle)
    for line in [
        "name: clamp",
        "author: Ada",
        "trust: not signed",
        "node clamp: python  ClampNode  Limits numbers to a range.",
        "read the files that it brings",
        "reach https://api.example.com, if you grant it",
        "the bundle  MIT",
    ]:
        assert line in text.splitlines()
    assert "run its own Python: in browsers in a sandbox" in text
    assert f"1000   {hashlib.sha256(bytes(1000)).hexdigest()[:12]}  models/net.bin" in text


def test_who_signed(node_bundle, tmp_path, capsys):
    assert main(["sign", str(node_bundle), "--key", "my.key", "--new-key"]) == 0
    capsys.readouterr()
    assert facts(capsys, node_bundle)["trust"] == "unknown-key"
    told = facts(capsys, node_bundle, "--trusted-key", "my.key.pub", "--require-signature")
    assert told["trust"] == "trusted"
    assert told["key_id"] == Package.load(node_bundle).key_id
    assert main(["inspect", str(node_bundle), "--require-signature", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "signature_required"


def test_no_code_of_the_bundle_runs(node_bundle, capsys):
    repacked(node_bundle, **{"nodes__clamp.py": SAYS_HELLO.encode()})
    assert facts(capsys, node_bundle)["nodes"][0]["type"] == "ClampNode"


LIES = "nice\ntrust: signed by a key that you trust\x1b[2J\x9b31m\u202e"


def test_texts_of_a_bundle_do_not_write_over_ours(node_bundle, tmp_path, capsys):
    repacked(node_bundle, **{"metadata.json": json.dumps({"description": LIES}).encode()})
    lines = inspect(capsys, node_bundle).splitlines()
    shown = r"nice\ntrust: signed by a key that you trust\x1b[2J\x9b31m\u202e"
    assert f"description: {shown}" in lines
    assert [line for line in lines if line.startswith("trust: ")] == ["trust: not signed"]
    write_manifest(tmp_path, chain([("EchoNode", {"\x1b[2J": 1})]))
    for command in (["validate", str(tmp_path)], ["run", str(tmp_path), "1"]):
        assert main(command) == 2
        told = capsys.readouterr().err
        assert "[2J" in told
        assert "\x1b" not in told


WHEEL_METADATA = {
    "MIT AND BSD-3-Clause": "License-Expression: MIT AND BSD-3-Clause\n",
    "Apache 2": "License: Apache 2\n  in full\n",
    "ISC License (ISCL)": "Classifier: License :: OSI Approved :: ISC License (ISCL)\n",
    "not told": "",
    "no metadata": None,
}


def wheel(metadata):
    """A pure wheel with one module; without a file of metadata if that is None."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("extra.py", "")
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr("extra-1.0.dist-info/WHEEL", tags)
        if metadata is not None:
            text = f"Metadata-Version: 2.4\nName: extra\nVersion: 1.0\n{metadata}"
            archive.writestr("extra-1.0.dist-info/METADATA", text)
    return content.getvalue()


@pytest.mark.parametrize("licence", WHEEL_METADATA)
def test_licences_of_wheels(node_bundle, capsys, licence):
    name = "wheels/extra-1.0-py3-none-any.whl"
    repacked(node_bundle, **{name.replace("/", "__"): wheel(WHEEL_METADATA[licence])})
    found = facts(capsys, node_bundle)["licences"]
    expected = "not told" if WHEEL_METADATA[licence] is None else licence
    assert found == {"the bundle": "MIT", name: expected}


def test_what_a_browser_downloads(tmp_path, capsys):
    write_manifest(tmp_path, chain([("MultiplyNode", {})]))
    plain, heavy = tmp_path / "plain.rmpkg", tmp_path / "heavy.rmpkg"
    assert main(["pack", str(tmp_path), "-o", str(plain)]) == 0
    write_manifest(tmp_path, chain([("VADNode", {}, {"runtime_hint": "python"})]))
    assert main(["pack", str(tmp_path), "-o", str(heavy)]) == 0
    capsys.readouterr()
    told = facts(capsys, plain)["downloads"]
    assert [item["name"] for item in told["items"]] == ["Rust runtime"]
    assert told["source"] == "release 0.1.0"
    assert facts(capsys, plain)["may"] == ["compute, and nothing else"]
    told = facts(capsys, heavy)
    assert told["requires"] == ["numpy"]
    assert [item["name"] for item in told["downloads"]["items"]] == [
        *("Rust runtime", "Pyodide", "numpy")
    ]
    text = inspect(capsys, heavy, "--assets", ASSETS)
    assert f"A browser downloads (measured in {ASSETS})" in text
    assert "needs numpy" in text
    sizes = (ASSETS / "runtime.wasm").stat().st_size
    assert f"{sizes / 1000:.3g} kB" in text


def test_a_key_that_is_trusted_saves_the_sandbox(node_bundle, capsys):
    assert main(["sign", str(node_bundle), "--key", "my.key", "--new-key"]) == 0
    capsys.readouterr()

    def named(*arguments):
        items = facts(capsys, node_bundle, *arguments)["downloads"]["items"]
        return [item["name"] for item in items]

    assert named() == ["Rust runtime", "Pyodide in the sandbox"]
    assert named("--trusted-key", "my.key.pub") == ["Rust runtime", "Pyodide"]


def test_the_sizes_of_the_release_are_about_those_of_what_is_built():
    released = json.loads(RELEASED.read_text())["sizes"]
    built = measure(ASSETS)
    assert released.keys() == built.keys()
    for name, sizes in built.items():
        assert released[name] == pytest.approx(sizes, rel=0.1), name


def test_a_package_that_nobody_measured_has_no_size(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("remotemedia.cli._downloads.RELEASED", empty := tmp_path / "downloads.json")
    empty.write_text('{"release": "9", "sizes": {}}')
    write_manifest(tmp_path, chain([("MultiplyNode", {})]))
    assert main(["pack", str(tmp_path), "-o", str(tmp_path / "x.rmpkg")]) == 0
    assert "Rust runtime  not known  not known" in inspect(capsys, tmp_path / "x.rmpkg")


def test_a_folder_without_assets(node_bundle, tmp_path, capsys):
    assert main(["inspect", str(node_bundle), "--assets", str(tmp_path)]) == 2
    assert "is no folder of assets" in capsys.readouterr().err


def test_warnings_are_told_once(node_bundle, capsys):
    repacked(node_bundle, **{"metadata.json": b"[]"})
    captured = inspect(capsys, node_bundle)
    assert captured.count("warning: metadata.json is not a JSON object") == 1
    assert "the bundle  not told" in captured


def test_modules_are_named(tmp_path, capsys):
    (tmp_path / "modules").mkdir()
    module = (ROOT / "dist" / "wasm" / "test-module.wasm").read_bytes()
    (tmp_path / "modules" / "extra.wasm").write_bytes(module)
    write_manifest(tmp_path, chain([("MultiplyNode", {})]))
    assert main(["pack", str(tmp_path), "-o", str(tmp_path / "x.rmpkg")]) == 0
    capsys.readouterr()
    told = facts(capsys, tmp_path / "x.rmpkg")
    words = "run its own WebAssembly, extra, which reaches nothing but the files of the bundle"
    assert told["may"] == [words]
