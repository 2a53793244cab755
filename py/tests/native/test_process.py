"""What only shows in a fresh process: imports, the command line as a program, the wheel."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import pytest
from segments import chain
from vectors import ROOT

CALCULATOR = ROOT / "packages" / "pipelines" / "calculator" / "manifest.json"


def python(*arguments, env=None):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=ROOT, env=env
    )


def imported(statement):
    code = f"import sys; {statement}; print(*sorted(sys.modules))"
    # Where coverage is measured, that would be imported too.
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    result = python("-c", code, env=bare)
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
        command,
        stdout=subprocess.PIPE,
        stderr=theirs,
        cwd=ROOT,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm"},
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
    last = b"".join(rest).decode().split("\x1b[2K")[-1]  # which clears a line
    assert last.strip() == "interrupted"


def read_all(descriptor, into):
    with suppress(OSError):
        while data := os.read(descriptor, 65536):
            into.append(data)


def cli(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "remotemedia.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        **options,
    )


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_output_that_nobody_reads_to_its_end(more, tmp_path):
    items = tmp_path / "items.json"
    items.write_text(json.dumps(list(range(100_000))))
    with cli("run", str(CALCULATOR), f"@{items}", *more) as process:
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_output_in_any_encoding(encoding, tmp_path):
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(chain([("PassThroughNode", {})])))
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    with cli("run", str(manifest), '["\u00e9\u221e\U0001f600"]', env=environment) as process:
        assert json.loads(process.stdout.read().decode(encoding)) == "\u00e9\u221e\U0001f600"
        assert process.wait() == 0


LEFT = """
import asyncio
from remotemedia import Pipeline
from remotemedia.nodes import PassThroughNode

async def talk():
    for i in range(1000):
        yield i
        await asyncio.sleep(0)

async def main():
    global stream
    stream = pipeline.stream(talk())
    await anext(stream)

pipeline = Pipeline([PassThroughNode()], runtime_hint="python")
asyncio.run(main())
print(pipeline.run_sync([1]))
"""


LEFT_BLOCKING = """
from remotemedia import Pipeline
from remotemedia.nodes import PassThroughNode

pipeline = Pipeline([PassThroughNode()], runtime_hint="python")
stream = pipeline.stream_sync(iter(range(1000)))
next(stream)
print([1])
"""


@pytest.mark.parametrize("program", [LEFT, LEFT_BLOCKING])
def test_a_stream_that_is_left_to_the_end_of_the_program_ends_quietly(program):
    result = python("-c", program)
    assert (result.stdout, result.stderr) == ("[1]\n", "")
