import hashlib
import json

import pytest
from archives import read_zip
from segments import chain

from remotemedia import Package, PackageError, Pipeline, _package
from remotemedia._package import manifest_in, pack
from remotemedia._zip import write_zip

MANIFEST = chain([("AddNode", {"addend": 1})])


def bundle(files=None, **runtime):
    manifest = MANIFEST | ({"runtime": runtime} if runtime else {})
    return write_zip({"manifest.json": json.dumps(manifest).encode()} | (files or {}))


def integrity(**entries):
    return json.dumps({"algorithm": "sha256", "entries": entries}).encode()


def refusal(data):
    with pytest.raises(PackageError) as caught:
        Package.load(data)
    return caught.value.code


def folder(path, **files):
    for name, content in {"manifest.json": json.dumps(MANIFEST), **files}.items():
        target = path / name
        target.parent.mkdir(exist_ok=True, parents=True)
        target.write_text(content)
    return path


def test_a_bundle_runs(tmp_path):
    path = tmp_path / "add.rmpkg"
    path.write_bytes(pack(manifest_in(folder(tmp_path / "add"))))
    assert Pipeline.from_package(path, runtime_hint="python").run_sync([1, 2]) == [2, 3]
    assert Pipeline.from_package(path.read_bytes(), runtime_hint="python").run_sync(1) == 2


def test_same_sources_same_bytes(tmp_path):
    extra = {"models/m.bin": "model", "assets/deep/a.txt": "asset", "README.md": "not packed"}
    first = pack(manifest_in(folder(tmp_path / "one" / "add", **extra)))
    second = pack(manifest_in(folder(tmp_path / "two" / "add", **dict(reversed(extra.items())))))
    assert first == second
    files = read_zip(first)
    assert list(files) == [
        "assets/deep/a.txt", "integrity.json", "manifest.json", "metadata.json", "models/m.bin",
    ]  # fmt: skip
    hashes = json.loads(files.pop("integrity.json"))
    assert hashes == {
        "algorithm": "sha256",
        "entries": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    metadata = json.loads(files["metadata.json"])
    assert metadata["package_name"] == "pipeline"
    assert metadata["runtime_info"]["node_types"] == ["AddNode"]


def test_the_manifest_is_packed_as_it_is(tmp_path):
    source = folder(tmp_path)
    (source / "manifest.json").write_text('{"version":  "v1"}')
    assert read_zip(pack(manifest_in(source)))["manifest.json"] == b'{"version":  "v1"}'


def test_a_folder_without_manifest(tmp_path):
    with pytest.raises(PackageError) as caught:
        manifest_in(tmp_path)
    assert caught.value.code == "missing_manifest"


def test_what_is_refused():
    manifest = json.dumps(MANIFEST).encode()
    digest = hashlib.sha256(manifest).hexdigest()
    entry = {"manifest.json": digest}
    assert refusal(b"no") == "not_a_zip"
    assert refusal(write_zip({"a": b""})) == "missing_manifest"
    assert refusal(write_zip({"manifest.json": b"{"})) == "bad_json"
    assert refusal(write_zip({"manifest.json": b"\xff"})) == "bad_json"
    assert refusal(write_zip({"manifest.json": b"[]"})) == "bad_json"
    assert refusal(bundle({"integrity.json": b"{}"})) == "bad_json"
    assert refusal(bundle({"integrity.json": integrity()})) == "unlisted_entry"
    assert refusal(bundle({"integrity.json": integrity(**entry), "a": b""})) == "unlisted_entry"
    assert refusal(bundle({"integrity.json": integrity(**entry, a=digest)})) == "missing_entry"
    wrong = {"manifest.json": "0" * 64}
    assert refusal(bundle({"integrity.json": integrity(**wrong)})) == "hash_mismatch"
    assert refusal(bundle({"modules/a.wasm": b"\0asm\x02\0\0\0"})) == "invalid_wasm"
    assert refusal(bundle(target="wasm64")) == "wrong_target"
    assert refusal(bundle(min_version="9.0")) == "newer_version"


def test_what_is_odd_but_loads():
    wasm = b"\0asm\x01\0\0\0"
    package = Package.load(bundle({"runtime.wasm": wasm, "metadata.json": b"["}))
    assert package.metadata is None
    assert len(package.warnings) == 2
    assert Package.load(bundle(target="wasm32-wasip1", min_version="0.0.9")).warnings == []


def test_names_and_by_products_stay_out(tmp_path):
    extra = {"nodes/__pycache__/a.txt": "", "nodes/a.pyc": "", "assets/.DS_Store": ""}
    first = pack(manifest_in(folder(tmp_path / "one", **extra)))
    assert first == pack(manifest_in(folder(tmp_path / "two")))


def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "a.rmpkg"
    path.write_bytes(bundle())
    check = _package.check_modules

    def meanwhile(files):
        check(files)
        path.write_bytes(bundle({"assets/a": b"another"}))

    monkeypatch.setattr(_package, "check_modules", meanwhile)
    with pytest.raises(PackageError) as caught:
        Package.load(path)
    assert caught.value.code == "changed"


def test_a_loaded_bundle_needs_its_file_no_more(tmp_path):
    path = tmp_path / "a.rmpkg"
    path.write_bytes(bundle({"assets/a": b"text"}))
    package = Package.load(path)
    path.unlink()
    assert package.files["assets/a"] == b"text"
    assert package.sizes["assets/a"] == 4
    assert package.hashes["assets/a"] == hashlib.sha256(b"text").hexdigest()
    assert package.id == hashlib.sha256(bundle({"assets/a": b"text"})).hexdigest()
    assert package.size == len(bundle({"assets/a": b"text"}))
