"""The compiled runtime is kept on disk, where that is possible."""

import os
import subprocess
import sys

CODE = "from remotemedia import Pipeline; from remotemedia.nodes import AddNode; print(Pipeline([AddNode(addend=2)], runtime_hint='rust').run_sync(5))"


def run(**environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def files_of(folder):
    return {
        path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.stat().st_size > 1 << 16
    }


def test_a_module_is_compiled_once(tmp_path):
    home = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")}
    assert run(**home) == "7"
    kept = files_of(tmp_path)
    assert kept
    assert run(**home) == "7"
    assert files_of(tmp_path) == kept


def test_without_a_place_for_it(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    home = {name: str(blocked) for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")}
    assert run(**home) == "7"
