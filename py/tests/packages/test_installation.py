"""`pip install 'remotemedia[audio,wasm,cli]'` of the built wheels, used outside the checkout.

What the extras need comes from the index that this machine uses, in the versions that
requirements/dev.txt locks.
"""

import json
import os
import re
import subprocess
import sys

import pytest
from vectors import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def run(command, folder, check=True):
    """Without what the environment says of this checkout."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder somewhere else with a fresh environment `venv`."""
    folder = tmp_path_factory.mktemp("installed")
    run([sys.executable, "-m", "venv", "venv"], folder)
    locked = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    versions = re.findall(r"^[a-z0-9._-]+==[^ \\\n]+", locked, re.MULTILINE)
    (folder / "constraints.txt").write_text("\n".join(versions))
    [own] = (ROOT / "dist" / "wheels").glob("remotemedia-*.whl")
    run(
        ["venv/bin/python", "-m", "pip", "install", "--only-binary=:all:", "--quiet",
         "--find-links", ROOT / "dist" / "wheels", "--constraint", "constraints.txt",
         f"remotemedia[audio,wasm,cli] @ {own.as_uri()}"],
        folder,
    )  # fmt: skip
    return folder


def test_the_readme_snippet(installed):
    [snippet] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = run(["venv/bin/python", "-c", snippet], installed)
    assert done.stdout.startswith("[20, 24, 16]\n")
    assert done.stderr == ""


def test_the_command_runs_bundles(installed):
    bundle = ROOT / "dist" / "bundles" / "mixed.rmpkg"
    done = run(["venv/bin/remotemedia", "run", bundle, "[5, 7, 10]", "--json"], installed)
    outputs = json.loads(done.stdout)["outputs"]
    assert [item["original_text"] for item in outputs] == ["15", "21", "30"]


def test_rust_and_numpy_are_there(installed):
    code = (
        "import remotemedia, numpy, remotemedia_wasm;"
        "print(remotemedia.is_rust_runtime_available(), remotemedia.__file__)"
    )
    done = run(["venv/bin/python", "-c", code], installed)
    available, file = done.stdout.split()
    assert available == "True"
    assert file.startswith(str(installed))


def test_every_module_can_be_imported(installed):
    """But those that name the host that they need."""
    code = (
        "import importlib, pkgutil, remotemedia\n"
        "for module in pkgutil.walk_packages(remotemedia.__path__, 'remotemedia.'):\n"
        "    if not module.name.endswith(('._hosts.pyodide', '.__main__')):\n"
        "        importlib.import_module(module.name)\n"
    )
    run(["venv/bin/python", "-W", "error", "-c", code], installed)


def test_without_extras_the_command_says_what_it_needs(tmp_path):
    run([sys.executable, "-m", "venv", "--without-pip", "venv"], tmp_path)
    [own] = (ROOT / "dist" / "wheels").glob("remotemedia-*.whl")
    command = "from remotemedia.cli import main; raise SystemExit(main(['nodes']))"
    code = f"import sys; sys.path.insert(0, {str(own)!r}); {command}"
    done = run(["venv/bin/python", "-c", code], tmp_path, check=False)
    assert done.returncode == 2
    assert "pip install 'remotemedia[cli]'" in done.stderr
    assert "Traceback" not in done.stderr
