"""The examples run, give what their comments say, and type checkers find nothing wrong with them."""

import os
import re
import subprocess
import sys

import pytest
from vectors import ROOT

FOLDER = ROOT / "examples" / "python"
PYRIGHT = [ROOT / "node_modules" / ".bin" / "pyright", "--pythonpath", sys.executable]
MYPY = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-incremental"]

WRONG = """
from remotemedia import Pipeline, node
from remotemedia.nodes import MultiplyNode

MultiplyNode(factor="two")
MultiplyNode(multiply=2)
MultiplyNode(factor=2).configure(on_error="ignore")
Pipeline([MultiplyNode])
"""


def run(*command, folder=FOLDER):
    variables = {
        **os.environ,
        "REMOTEMEDIA_PYODIDE": str(ROOT / "dist" / "remotemedia" / "pyodide"),
    }
    return subprocess.run(
        [*map(str, command)], capture_output=True, text=True, cwd=folder, env=variables, check=False
    )


def test_the_pipelines_print_what_their_comments_say():
    done = run(sys.executable, "pipelines.py")
    promised = re.findall(r"print\(.*\)  # (.+)", (FOLDER / "pipelines.py").read_text())
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == promised
    assert len(promised) > 5


def test_the_tests_of_the_nodes_pass():
    done = run(sys.executable, "-m", "pytest", "-q", "-n0", "-c", os.devnull, "--rootdir=.")
    assert done.returncode == 0, done.stdout
    assert "8 passed" in done.stdout


@pytest.mark.parametrize(
    "checker", [[*MYPY, "."], [*PYRIGHT, "--project", ROOT]], ids=["mypy", "pyright"]
)
def test_the_types_are_right(checker):
    done = run(*checker)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("checker", [MYPY, PYRIGHT], ids=["mypy", "pyright"])
def test_type_checkers_see_mistakes(checker, tmp_path):
    """So that what is found right above is not merely unknown."""
    (tmp_path / "wrong.py").write_text(WRONG)
    done = run(*checker, "wrong.py", folder=tmp_path)
    lines = {int(n) for n in re.findall(r"wrong\.py:(\d+):.*error", done.stdout)}
    assert lines == {5, 6, 7, 8}, done.stdout + done.stderr
