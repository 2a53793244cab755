"""The commands of docs/quickstart-python.md do what the page says. Needs `scripts/build assets`."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from vectors import ROOT

PAGE = ROOT / "docs" / "quickstart-python.md"
BLOCKS = re.findall(
    r"^```(\S[^\n]*)\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
)
COMMANDS = [k for k, (info, _) in enumerate(BLOCKS) if info == "sh"]
MARK = "-- block --"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """What each block of commands printed, by its index; the folder in which they ran."""
    folder = tmp_path_factory.mktemp("quickstart")
    script = "".join(f"echo {MARK}\n{BLOCKS[k][1]}" for k in COMMANDS)
    ran = subprocess.run(
        ["bash", "-euc", script],  # noqa: S607 - as in a shell
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={
            **{name: os.environ[name] for name in ("HOME",) if name in os.environ},
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "REMOTEMEDIA_PYODIDE": str(ROOT / "dist" / "remotemedia" / "pyodide"),
        },
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout + ran.stderr
    told = ran.stdout.split(f"{MARK}\n")[1:]
    return dict(zip(COMMANDS, told, strict=True)), folder


def test_the_page_has_commands_and_what_they_print():
    assert len(COMMANDS) >= 5
    assert sum(info == "text" for info, _ in BLOCKS) >= 4


def test_the_commands_print_what_the_page_says(done):
    printed, _ = done
    for k, (info, text) in enumerate(BLOCKS):
        if info == "text":
            assert BLOCKS[k - 1][0] == "sh"
            for line in text.splitlines():
                assert line in printed[k - 1]


def test_the_files_on_the_page_are_those_that_are_there(done):
    _, folder = done
    shown = [(info.split()[1], text) for info, text in BLOCKS if info.startswith("python ")]
    assert shown
    for name, text in shown:
        assert (folder / "clamp" / name).read_text("utf-8") == text
