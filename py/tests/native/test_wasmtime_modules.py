"""Rust modules of bundles through wasmtime. Needs `scripts/build wasm`."""

import json
import subprocess
import sys

import pytest
import wasmtime
from segments import chain
from vectors import ROOT

from remotemedia import NodeError, NodeTimeoutError, Pipeline, RuntimeLoadError
from remotemedia._hosts import compiled
from remotemedia._hosts.wasmtime import RustRuntime, read_catalog
from remotemedia._packing import pack
from remotemedia._zip import write_zip

MODULE = ROOT / "dist" / "wasm" / "test-module.wasm"
TYPES = ["PanicNode", "SpinNode", "AllocateNode", "FileNode", "SurroundingsNode"]
REFUSED = json.loads((ROOT / "tests/vectors/module-files.json").read_text(encoding="utf-8"))
FILES = {
    "assets/words/table.txt": b"one two three",
    "assets/empty": b"",
    "models/net.bin": bytes(range(1, 8)),
}
GOOD = {"do": "size", "path": "/bundle/models"}
"""What always succeeds, so that the circuit does not open."""

FUNCTIONS = (
    *("mailbox", "alloc", "catalog", "segment_open", "segment_run", "segment_resume"),
    *("segment_flush", "segment_metrics", "last_error"),
)


def odd_module(version=1, start="", **given_bodies):
    """Return a module that exports everything; functions do nothing unless a body is given."""
    bodies = dict.fromkeys(FUNCTIONS, "(i32.const 0)")
    bodies |= {"alloc": "(i32.const 1024)"} | given_bodies
    given = {
        "segment_open": "i32",
        "segment_resume": "i32",
        "alloc": "i32",
        "segment_metrics": "i32",
    }
    given |= dict.fromkeys(("segment_run", "segment_flush"), "i32 i32 f64 i32")
    exports = " ".join(
        f'(func (export "rm_{name}") (param {given.get(name, "")}) (result i32) {body})'
        for name, body in bodies.items()
    )
    return bytes(
        wasmtime.wat2wasm(
            f"""(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func (export "_initialize") {start})
            (func (export "rm_abi_version") (result i32) (i32.const {version}))
            (func (export "rm_free")) (func (export "rm_segment_close") (param i32)) {exports})"""
        )
    )


class Content:
    """The part of a bundle that a runtime needs."""

    def __init__(self, root, **modules):
        self.root, self.modules = root, modules


@pytest.fixture
def pipeline(tmp_path):
    """Return what makes a pipeline of a bundle with the test module (or others) and files."""

    def make(nodes, **options):
        files = FILES | {"modules/test.wasm": MODULE.read_bytes()}
        files["manifest.json"] = json.dumps(chain(nodes)).encode()
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
        return Pipeline.from_package(pack(tmp_path / "manifest.json"), **options)

    return make


@pytest.mark.parametrize(
    ("what", "path", "output"),
    [
        ("read", "/bundle/assets/words/table.txt", b"one two three"),
        ("read asset", "models/net.bin", bytes(range(1, 8))),
        ("read", "/bundle/assets/empty", b""),
        ("read", "/bundle/assets/./words/../words//table.txt", b"one two three"),
        ("middle", "/bundle/models/net.bin", [b"\2\3\4\5", b"\7", 7]),
        ("list", "/bundle/assets", ["empty", "words"]),
        ("list", "/bundle/assets/words", ["table.txt"]),
        ("size", "/bundle/models/net.bin", [7, False]),
    ],
)
def test_files_are_read(pipeline, what, path, output):
    made = pipeline([("FileNode", {})])
    assert made.run_sync([{"do": what, "path": path}]) == [output]


def test_files_that_may_not_be_read_or_written_to(pipeline):
    """The same words as in Node.js and in browsers: web/tests/wasi-modules.test.ts."""
    made = pipeline([("FileNode", {})])
    for what, path, message in REFUSED["refused"]:
        with pytest.raises(NodeError) as caught:
            made.run_sync([GOOD, {"do": what, "path": path}])
        assert caught.value.message == message
        assert (caught.value.node_type, caught.value.item_index) == ("FileNode", 1)
    files = [{"do": "read asset", "path": name} for name in FILES]
    assert made.run_sync(files) == list(FILES.values())


def test_a_module_learns_nothing_of_where_it_runs_and_may_complain(pipeline, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["program", "argument"])
    monkeypatch.setenv("SECRET", "1")
    (told,) = pipeline([("SurroundingsNode", {})]).run_sync([0])
    assert (told["arguments"], told["variables"]) == (0, 0)
    # A monotonic clock counts from the module's start; the time of day would be 1.7e9 seconds.
    assert 0 <= told["since_start_s"] <= told["since_1970_s"] < 1e6
    assert capfd.readouterr() == ("", "complained\n")


def test_modules_with_python_between_them_each_with_its_own_state():
    nodes = [
        ("AllocateNode", {}),
        ("MultiplyNode", {"factor": 10}, {"runtime_hint": "python"}),
        ("PanicNode", {}),
        ("AddNode", {"addend": 1}),
        ("AllocateNode", {}),
    ]
    entries = {entry["type"]: entry for entry in read_catalog(MODULE.read_bytes())}
    own = {"rust:a": [entries["AllocateNode"]], "rust:b": [entries["PanicNode"]]}
    bundle = {
        "manifest.json": json.dumps(chain(nodes)).encode(),
        "catalog.json": json.dumps({"version": 1, "places": own}).encode(),
        **dict.fromkeys(("modules/a.wasm", "modules/b.wasm"), MODULE.read_bytes()),
    }
    made = Pipeline.from_package(write_zip(bundle), enable_metrics=True)
    places = [part["place"] for part in made.plan()["segments"]]
    assert places == ["rust:a", "python", "rust:b", "rust:runtime", "rust:a"]
    assert made.run_sync([1, 2, 3]) == [11, 42, 103]
    ways = {(way["from"], way["to"]) for way in made.get_metrics()["crossing_metrics"]}
    assert {("rust:a", "python"), ("python", "rust:b"), ("python", "rust:runtime")} <= ways


def test_a_panic_is_the_error_of_its_node_and_the_next_run_gets_a_new_module(pipeline):
    made = pipeline([("PassThroughNode", {}), ("PanicNode", {}), ("PassThroughNode", {})])
    for _ in range(2):
        with pytest.raises(NodeError, match="a node panics") as caught:
            made.run_sync([1, "panic", 2])
        error = caught.value
        assert (error.node_id, error.node_type, error.item_index) == ("n1", "PanicNode", 1)
        assert error.code == "panic"
        assert "crates/test-nodes/src/lib.rs:" in error.message
        assert made.run_sync([1, 2]) == [1, 2]


def test_a_deadline_ends_an_endless_loop(pipeline):
    made = pipeline([("SpinNode", {}, {"timeout_ms": 50})])
    with pytest.raises(NodeTimeoutError) as caught:
        made.run_sync(["spin"])
    assert caught.value.node_type == "SpinNode"
    assert made.run_sync([1]) == [1]


def test_memory_that_is_not_there(pipeline):
    with pytest.raises(NodeError) as caught:
        pipeline([("AllocateNode", {})]).run_sync([2**32])
    assert (caught.value.code, caught.value.node_id) == ("out_of_memory", "n0")


def test_a_module_whose_memory_has_grown_is_made_anew_between_two_runs(pipeline):
    made = pipeline([("AllocateNode", {})])
    rust = made._plans.get().rust
    assert made.run_sync([1]) == [1]
    module = rust._others["test"]
    small, generation = len(module.memory()), module.generation
    assert made.run_sync([70_000_000]) == [70_000_000]
    assert module.generation == generation + 1
    assert len(module.memory()) <= small
    assert made.run_sync([1]) == [1]
    assert module.generation == generation + 1


def test_a_catalog_is_read_without_files():
    entries = read_catalog(MODULE.read_bytes())
    assert [entry["type"] for entry in entries] == TYPES
    assert all(entry["runtime"] == "rust" for entry in entries)


def test_a_module_is_compiled_once_per_process(monkeypatch):
    monkeypatch.setattr(compiled, "_modules", {})
    read_catalog(MODULE.read_bytes())
    monkeypatch.setattr(compiled, "_compile", None)
    read_catalog(MODULE.read_bytes(), "the same")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no module", "is not a module"),
        (odd_module(version=2), "odd has ABI version 2, needed is 1"),
        (odd_module(start="unreachable"), "odd cannot be started"),
        (odd_module(start="(call $exit (i32.const 3))"), "odd cannot be started"),
        (wasmtime.wat2wasm("(module)"), "odd cannot be started"),
        (wasmtime.wat2wasm('(module (memory (export "memory") 1))'), "odd cannot be started"),
        (
            wasmtime.wat2wasm(
                '(module (import "wasi_snapshot_preview1" "path_unlink_file" (func)))'
            ),
            "asks for wasi_snapshot_preview1.path_unlink_file",
        ),
        (odd_module(catalog="unreachable"), "cannot tell its nodes"),
        (odd_module(), "cannot tell its nodes"),
        (odd_module(mailbox="(i32.const -4)"), "cannot tell its nodes"),
    ],
)
def test_what_is_no_module_of_ours(content, message):
    with pytest.raises(RuntimeLoadError, match=message):
        read_catalog(bytes(content), "odd")


def test_a_place_without_a_module(tmp_path):
    rust = RustRuntime.load()
    with pytest.raises(RuntimeLoadError, match="no module for the place rust:none"):
        rust.open({"place": "rust:none", "nodes": []})
    rust.bundle = Content(tmp_path)
    with pytest.raises(RuntimeLoadError, match="no module for the place rust:none"):
        rust.open({"place": "rust:none", "nodes": []})


TABLE = "(i32.store (i32.const {word}) (i32.const {value}))"


@pytest.mark.parametrize(
    "bodies",
    [
        # The mailbox lies at 0: status 8, JSON 16 and 20, packets 24 and 28.
        {"mailbox": "(i32.const 65535)"},
        {"segment_open": "(i32.const 0)"},
        {"segment_run": TABLE.format(word=28, value=-1) + "(i32.const 0)"},
        {
            "segment_run": TABLE.format(word=24, value=65535)
            + TABLE.format(word=28, value=1)
            + "(i32.const 0)"
        },
        {
            "segment_run": TABLE.format(word=24, value=256)
            + TABLE.format(word=28, value=1)
            + TABLE.format(word=256, value=7)
            + "(i32.const 0)"
        },
        {"segment_run": TABLE.format(word=8, value=3) + "(i32.const 3)"},
        {"alloc": "(i32.const -1)"},
    ],
)
def test_answers_that_are_nonsense_are_errors(bodies, tmp_path):
    """An untrusted module may answer anything; that is an error like others."""
    from remotemedia._effects import Batch, drive

    rust = RustRuntime.load()
    rust.bundle = Content(tmp_path, odd=odd_module(**{"segment_open": "(i32.const 1)"} | bodies))
    segment = {"place": "rust:odd", "nodes": [], "connections": []}

    def run():
        result = drive(rust.open(segment).run([Batch(None, 0, [0], [1])], (float("inf"), 0)))
        if result.error is not None:
            raise result.error

    for _ in range(2):
        with pytest.raises(NodeError, match=r"modules/odd\.wasm does not keep the ABI"):
            run()


def test_a_process_with_a_module_ends_quietly(tmp_path):
    """Nothing of wasmtime calls Python when it is gone."""
    bundle = tmp_path / "b.rmpkg"
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/test.wasm").write_bytes(MODULE.read_bytes())
    (tmp_path / "manifest.json").write_text(json.dumps(chain([("SurroundingsNode", {})])))
    bundle.write_bytes(pack(tmp_path / "manifest.json"))
    code = f"from remotemedia import Pipeline; Pipeline.from_package({str(bundle)!r}).run_sync([0])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "complained\n")
