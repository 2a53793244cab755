"""What is in the wheels and in the source distribution, and what their metadata says."""

import email
import os
import subprocess
import sys
import tarfile
import zipfile

import pytest
from packaging.metadata import Metadata
from vectors import ROOT

WHEELS = ROOT / "dist" / "wheels"
LICENCES = {"LICENSE-APACHE", "LICENSE-MIT"}


def wheel(name):
    [path] = WHEELS.glob(f"{name}-*.whl")
    return path


def entries(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def metadata_of(files):
    [name] = [name for name in files if name.endswith(".dist-info/METADATA")]
    raw = files[name]
    Metadata.from_email(raw, validate=True)  # what an index would refuse
    return email.message_from_bytes(raw)


@pytest.mark.parametrize("name", ["remotemedia", "remotemedia_wasm"])
def test_a_wheel_has_types_licences_and_a_description(name):
    assert wheel(name).name.endswith("-py3-none-any.whl")
    files = entries(wheel(name))
    assert f"{name}/py.typed" in files
    licences = {file.rpartition("/")[2] for file in files if ".dist-info/licenses/" in file}
    assert licences == LICENCES
    metadata = metadata_of(files)
    assert metadata["License-Expression"] == "MIT OR Apache-2.0"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload().strip()


def test_the_pure_wheel_is_small_and_needs_nothing():
    path = wheel("remotemedia")
    assert path.stat().st_size <= 250_000
    files = entries(path)
    foreign = [name for name in files if not name.startswith(("remotemedia/", "remotemedia-"))]
    assert not foreign
    assert not [name for name in files if name.endswith((".wasm", ".pyc")) or "tests/" in name]
    metadata = metadata_of(files)
    assert {"audio", "wasm", "cli", "yaml"} <= set(metadata.get_all("Provides-Extra"))
    assert all("extra ==" in required for required in metadata.get_all("Requires-Dist"))


def test_the_data_wheel_holds_the_module():
    files = entries(wheel("remotemedia_wasm"))
    built = (ROOT / "dist" / "wasm" / "runtime.wasm").read_bytes()
    assert files["remotemedia_wasm/runtime.wasm"] == built
    assert metadata_of(files).get_all("Requires-Dist") is None


def test_the_source_distribution_gives_the_same_wheel(tmp_path):
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    env = {**os.environ, "SOURCE_DATE_EPOCH": "1767225600"}
    done = subprocess.run(build, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    [archive] = tmp_path.glob("*.tar.gz")
    prefix = archive.name.removesuffix(".tar.gz") + "/"
    with tarfile.open(archive) as source:
        sources = {
            member.name.removeprefix(prefix): source.extractfile(member).read()
            for member in source.getmembers()
            if member.isfile()
        }
    assert {"pyproject.toml", "README.md", "py/remotemedia/py.typed"} | LICENCES <= sources.keys()
    [again] = tmp_path.glob("*.whl")
    packed = {name: data for name, data in entries(again).items() if ".dist-info/" not in name}
    wanted = {name: data for name, data in sources.items() if name.startswith("py/remotemedia/")}
    assert packed == {name.removeprefix("py/"): data for name, data in wanted.items()}
