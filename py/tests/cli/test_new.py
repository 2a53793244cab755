"""`remotemedia new`: projects that pass their own tests and strict type checks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from vectors import ROOT

from remotemedia import Package
from remotemedia._built_in_names import BUILT_IN_NAMES
from remotemedia.cli import main
from remotemedia.cli._starter import PYODIDE, names_of

ASSETS = ROOT / "dist" / "remotemedia" / "pyodide"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def in_project(folder, *command, **variables):
    """Run a program as somebody would there; the development tools are those of this checkout."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**environment, **variables},
    )


def pytest_in(folder, **variables):
    return in_project(folder, sys.executable, "-m", "pytest", "-v", **variables)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("clamp", ("clamp", "clamp", "ClampNode")),
        ("ClampNode", ("clamp", "clamp", "ClampNode")),
        ("soft-clip", ("soft-clip", "soft_clip", "SoftClipNode")),
        ("FFTFilter", ("fft-filter", "fft_filter", "FFTFilterNode")),
        ("to_16k", ("to-16-k", "to_16_k", "To16KNode")),
        ("node", ("node", "node", "NodeNode")),
    ],
)
def test_names(name, names):
    assert names_of(name) == names


@pytest.mark.parametrize("name", ["", "1x", "a/b", "../x", "import", "ümlaut", "-"])
def test_what_makes_no_name(here, capsys, name):
    assert main(["new", "node", "--", name]) == 2
    assert "makes no name" in capsys.readouterr().err
    assert [*here.iterdir()] == []


def test_built_in_names_are_taken(here, capsys):
    assert main(["new", "node", "multiply"]) == 2
    assert "MultiplyNode is a built-in node" in capsys.readouterr().err
    assert "MultiplyNode" in BUILT_IN_NAMES


def test_a_node_passes_its_tests_here_and_in_pyodide(here, capsys):
    assert main(["new", "node", "soft-clip", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    folder = Path(told["folder"])
    assert folder == Path("soft-clip")
    assert all((folder / name).is_file() for name in told["files"])
    done = pytest_in(folder, REMOTEMEDIA_PYODIDE=str(ASSETS))
    assert done.returncode == 0, done.stdout
    assert "test_soft_clip PASSED" in done.stdout
    assert "test_soft_clip_in_pyodide PASSED" in done.stdout
    assert "SKIPPED" in pytest_in(folder).stdout  # says what to install


def test_the_tests_of_a_node_can_fail(here):
    assert main(["new", "node", "clamp"]) == 0
    path = here / "clamp" / "nodes" / "clamp.py"
    path.write_text(path.read_text().replace("min(", "(").replace(", self.high)", ")"))
    done = pytest_in(here / "clamp", REMOTEMEDIA_PYODIDE=str(ASSETS))
    assert done.returncode == 1
    assert "2 failed" in done.stdout


def test_projects_are_clean_under_strict_type_checks(here):
    assert main(["new", "node", "clamp"]) == 0
    assert main(["new", "pipeline", "double"]) == 0
    for name in ("clamp", "double"):
        done = in_project(here / name, sys.executable, "-m", "mypy", "--strict", ".")
        assert done.returncode == 0, done.stdout + done.stderr
        pyright = str(ROOT / "node_modules" / ".bin" / "pyright")
        done = in_project(here / name, pyright, "--pythonpath", sys.executable)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "0 errors, 0 warnings" in done.stdout


def test_a_pipeline_passes_its_tests_runs_and_packs(here, capsys):
    assert main(["new", "pipeline", "MyPipe", "there"]) == 0
    assert Path("there/manifest.json") in map(Path, capsys.readouterr().out.splitlines())
    assert pytest_in(here / "there").returncode == 0
    assert main(["run", "there", "[5, 7, 3]"]) == 0
    assert capsys.readouterr().out == "20\n24\n16\n"
    assert main(["pack", "there"]) == 0
    assert Package.load("my-pipe.rmpkg").manifest["metadata"]["name"] == "my-pipe"


def test_a_second_node_goes_into_the_same_project(here, capsys):
    assert main(["new", "node", "first", "."]) == 0
    capsys.readouterr()
    assert main(["new", "node", "second", "."]) == 0
    assert capsys.readouterr().out == "nodes/second.py\ntests/test_second.py\n"
    assert "second" not in (here / "manifest.json").read_text()
    assert pytest_in(here).returncode == 0


def test_nothing_is_overwritten(here, capsys):
    assert main(["new", "node", "clamp"]) == 0
    files = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    assert main(["new", "node", "clamp"]) == 2
    assert main(["new", "pipeline", "clamp"]) == 2
    assert "manifest.json" in capsys.readouterr().err
    assert files == {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}


def test_the_pyodide_of_starters_is_ours():
    package = json.loads((ROOT / "package.json").read_text())
    assert package["devDependencies"]["pyodide"] == PYODIDE
