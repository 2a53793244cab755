"""What only shows in a fresh process: imports, the command line as a program, the wheel."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import zipfile
from contextlib import suppress

import pytest
from segments import chain
from vectors import ROOT

CALCULATOR = ROOT / "packages" / "pipelines" / "calculator" / "manifest.json"


def python(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )


def imported(statement):
    code = f"import sys; {statement}; print(*sorted(sys.modules))"
    result = python("-c", code)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def test_imports_are_light():
    light = imported("import remotemedia")
    assert not light & {"numpy", "asyncio", "json", "wasmtime", "remotemedia._engine"}
    everything = imported(
        "from remotemedia import *; from remotemedia._registry import Registry; Registry().catalog()"
    )
    assert not everything & {"numpy", "asyncio", "wasmtime", "ruamel", "dataclasses", "inspect"}


def test_a_text_pipeline_in_pyodide_imports_no_numpy():
    statement = (
        "import json; from remotemedia._hosts.pyodide import connect; host = connect();"
        'spec = {"nodes": [{"id": "t", "node_type": "TextProcessorNode", "params": {}, "order": 0}], "connections": []};'
        "assert host.open(json.dumps(spec)) == 1"
    )
    loaded = imported(statement)
    assert not loaded & {"numpy", "asyncio", "traceback", "remotemedia._pipeline"}
    assert "remotemedia.nodes.multiply" not in loaded


def test_the_program():
    result = python("-m", "remotemedia.cli", "run", str(CALCULATOR), "[5, 7, 3]")
    assert (result.returncode, result.stdout, result.stderr) == (0, "20\n24\n16\n", "")
    result = python("-m", "remotemedia.cli", "run", str(CALCULATOR), '["x"]', "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout)["error"]["runtime"] == "rust"
    assert "Traceback" not in result.stderr
    assert python("-m", "remotemedia.cli", "run", str(CALCULATOR), "{").returncode == 2


@pytest.mark.parametrize("runtime", ["rust", "python"])
def test_ctrl_c_ends_the_program(tmp_path, runtime):
    """It works for ever; that it does shows the progress, which only a terminal gets."""
    path = tmp_path / "endless.json"
    endless = chain([("RangeGeneratorNode", {"end": 1e300}), ("FilterNode", {"min_value": 1e300})])
    path.write_text(json.dumps(endless))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "remotemedia.cli", "run", str(path), "--runtime", runtime]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, cwd=ROOT, start_new_session=True
    )
    os.close(theirs)
    told = b""
    while b"run: 1" not in told:
        told += os.read(ours, 1000)
    process.send_signal(signal.SIGINT)
    drain = threading.Thread(target=read_all, args=(ours, rest := []), daemon=True)
    drain.start()
    out, _ = process.communicate(timeout=60)
    drain.join(60)
    assert (process.returncode, out) == (130, b"")
    last = b"".join(rest).decode().split("\x1b[K")[-1]
    assert last.strip() == "interrupted"


def read_all(descriptor, into):
    with suppress(OSError):
        while data := os.read(descriptor, 65536):
            into.append(data)


def test_the_wheel(tmp_path):
    result = python("-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == "remotemedia-0.1.0-py3-none-any.whl"
    assert wheel.stat().st_size <= 150_000
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read("remotemedia-0.1.0.dist-info/METADATA").decode()
    assert "remotemedia/py.typed" in names
    assert not [name for name in names if name.endswith(".wasm") or "tests" in name]
    assert "License-Expression: MIT OR Apache-2.0" in metadata
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    assert required
    assert all("extra ==" in line for line in required)
