"""`micropip.install` of the built wheel, inside a Pyodide that knows nothing of this project."""

import json
import shutil
import subprocess
import sys

from vectors import ROOT


def test_a_pipeline_runs_after_micropip_install(tmp_path):
    locked = ROOT / "requirements" / "micropip.txt"
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    pure = ["--only-binary=:all:", "--python-version=3.14", "--requirement", str(locked)]
    done = subprocess.run(
        [*download, *pure, "--dest", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

    script = ROOT / "tests" / "packages" / "micropip.mjs"
    done = subprocess.run(
        [shutil.which("node"), str(script), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "numbers": [20, 24, 16],
        "words": {"uppercase": "HELLO WASM", "word_count": 2},
        "streamed": [10, 12, 14],
        "rust": False,
    }
