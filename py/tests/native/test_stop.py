"""Runs that have to be stopped: endless loops, blocked threads, awaits that never end.

Every one ends, closes its nodes once, and leaves a pipeline that works.
"""

import asyncio
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest
from segments import chain
from vectors import ROOT

from remotemedia import Node, NodeError, NodeTimeoutError, Pipeline, _supervisor
from remotemedia._hosts.wasmtime import PATH_VARIABLE

CLOSED = []
STARTED = threading.Event()
RELEASE = threading.Event()


@pytest.fixture(autouse=True)
def _nothing_closed():
    CLOSED.clear()
    STARTED.clear()
    RELEASE.clear()
    yield
    RELEASE.set()


class DoorNode(Node):
    """Counts how often it is closed; "stop" does what the subclass does."""

    def process(self, item):
        if item != "stop":
            return item
        STARTED.set()
        return self.stay()

    def close(self):
        CLOSED.append(self.id)


class LoopNode(DoorNode):
    """Loops for ever."""

    def stay(self):
        while True:
            pass


class StubbornNode(DoorNode):
    """Loops for ever and catches everything, for a while."""

    def stay(self):
        caught = 0
        while caught < 5:
            try:
                while True:
                    time.sleep(0)
            except BaseException:  # noqa: BLE001
                caught += 1
        while True:
            pass


class BlockedNode(DoorNode):
    """Is blocked in C code until it is released."""

    def stay(self):
        RELEASE.wait()


class RetriedNode(DoorNode):
    """Turns what stops it into an error of its own."""

    def stay(self):
        try:
            while True:
                pass
        except BaseException:  # noqa: BLE001
            raise ValueError("again") from None


class LastNode(LoopNode):
    """Loops for ever in flush."""

    def flush(self):
        return self.stay()


class InitNode(LoopNode):
    """Loops for ever in init."""

    def init(self):
        STARTED.set()
        self.stay()


class WaitingNode(DoorNode):
    """Awaits for ever."""

    async def process(self, item):
        if item == "stop":
            STARTED.set()
            await asyncio.sleep(3600)
        return item


class DeafNode(DoorNode):
    """Awaits for ever and ignores that it is cancelled."""

    async def process(self, item):
        while item == "stop" and not RELEASE.is_set():
            STARTED.set()
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)
        return item


class AsyncLoopNode(DoorNode):
    """Is async and loops for ever."""

    async def process(self, item):
        await asyncio.sleep(0)
        return DoorNode.process(self, item)

    stay = LoopNode.stay


class FineNode(DoorNode):
    """Passes items on."""

    def process(self, item):
        return item


ENDING = [LoopNode, StubbornNode, RetriedNode, WaitingNode]


def pipeline(kind, node=(), **fields):
    specs = [("FineNode", {}), (kind.__name__, {}, {**dict(node), **fields})]
    return Pipeline.from_manifest(
        chain(specs), node_types=[FineNode, kind], runtime_hint="python", enable_metrics=True
    )


def closed_once():
    assert sorted(CLOSED) == ["n0", "n1"]
    CLOSED.clear()


def wait_until_closed():
    while len(CLOSED) < 2:
        time.sleep(0.01)
    time.sleep(0.05)  # in which they must not be closed again


def works(shared):
    assert shared.run_sync([1, 2]) == [1, 2]
    closed_once()


@pytest.mark.parametrize("kind", [*ENDING, AsyncLoopNode])
def test_the_limit_of_a_node(kind):
    shared = pipeline(kind, timeout_ms=50)
    with pytest.raises(NodeTimeoutError) as caught:
        shared.run_sync([1, "stop", 2])
    error = caught.value
    assert (error.node_id, error.node_type, error.runtime) == ("n1", kind.__name__, "python")
    assert error.item_index == 1
    assert "50 ms" in error.message
    closed_once()
    works(shared)


@pytest.mark.parametrize("kind", ENDING)
async def test_the_limit_of_a_node_while_the_event_loop_goes_on(kind):
    shared = pipeline(kind, timeout_ms=50)
    with pytest.raises(NodeTimeoutError) as caught:
        await shared.run([1, "stop", 2])
    assert caught.value.item_index == 1
    closed_once()
    assert await shared.run([1, 2]) == [1, 2]


async def test_an_async_node_that_keeps_the_event_loop():
    shared = pipeline(AsyncLoopNode, timeout_ms=50)
    for _ in range(3):
        with pytest.raises(NodeTimeoutError) as caught:
            await shared.run([1, "stop"])
        assert (caught.value.node_id, caught.value.item_index) == ("n1", 1)
        closed_once()
    assert await shared.run([1, 2]) == [1, 2]


def test_the_limit_of_a_node_in_flush():
    shared = pipeline(LastNode, timeout_ms=50)
    with pytest.raises(NodeTimeoutError) as caught:
        shared.run_sync([1, 2])
    assert (caught.value.node_id, caught.value.item_index) == ("n1", None)
    closed_once()


@pytest.mark.parametrize("policy", [{"on_error": "skip"}, {"retry": {"max_retries": 3}}])
def test_a_call_that_took_too_long_is_neither_skipped_nor_retried(policy):
    for kind in (LoopNode, RetriedNode):
        with pytest.raises(NodeTimeoutError):
            pipeline(kind, policy, timeout_ms=50).run_sync(["stop", 1])
        closed_once()


@pytest.mark.parametrize("kind", ENDING)
def test_the_limit_of_a_run(kind):
    shared = pipeline(kind)
    with pytest.raises(NodeTimeoutError, match="the run took longer than 100 ms") as caught:
        shared.run_sync([1, "stop"], timeout_ms=100)
    assert caught.value.node_id is None
    closed_once()
    works(shared)


def test_a_run_that_is_quick_enough():
    shared = pipeline(FineNode, timeout_ms=60_000)
    assert shared.run_sync(range(1000), timeout_ms=60_000) == list(range(1000))
    with pytest.raises(ValueError, match="timeout_ms"):
        shared.run_sync([1], timeout_ms=0)


def test_what_opened_is_closed_when_init_never_ends():
    with pytest.raises(NodeTimeoutError):
        pipeline(InitNode).run_sync([1], timeout_ms=100)
    assert CLOSED == ["n1", "n0"]


def test_a_stopped_call_is_counted_as_it_ended():
    shared = pipeline(LoopNode, timeout_ms=50)
    with pytest.raises(NodeTimeoutError):
        shared.run_sync([1, 2, "stop", 4])
    first, second = shared.get_metrics()["node_metrics"]
    assert (first["execution_count"], first["error_count"]) == (4, 0)
    assert (second["execution_count"], second["error_count"]) == (3, 1)
    assert second["total_duration_us"] > 40_000


class NestedNode(DoorNode):
    """Runs another pipeline that never ends."""

    def stay(self):
        return pipeline(LoopNode).run_sync(["stop"])


def test_a_run_inside_a_node_ends_with_the_run_outside():
    with pytest.raises(NodeTimeoutError) as caught:
        pipeline(NestedNode).run_sync(["stop"], timeout_ms=100)
    assert "left alone" not in caught.value.message
    assert sorted(CLOSED) == ["n0", "n0", "n1", "n1"]


def test_a_callback_that_never_returns_is_left_alone(monkeypatch):
    monkeypatch.setattr(_supervisor, "CLOSING_S", 0.1)
    shared = Pipeline.from_manifest(chain([("MultiplyNode", {})]))
    with pytest.raises(NodeTimeoutError, match="left alone"):
        shared.run_sync([1], timeout_ms=50, on_progress=lambda _: RELEASE.wait())
    assert shared.run_sync([1]) == [2]


def test_a_source_that_exits_when_it_is_closed():
    def talk():
        try:
            yield from [1, "stop"]
        finally:
            sys.exit(3)

    ended = []

    def work():
        with suppress(NodeTimeoutError, SystemExit):
            pipeline(LoopNode, timeout_ms=50).run_sync(talk())
        ended.append(True)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(30)
    assert ended


@pytest.mark.parametrize("kind", ENDING)
async def test_asyncio_cancels(kind):
    shared = pipeline(kind)
    task = asyncio.ensure_future(shared.run([1, "stop"]))
    await asyncio.to_thread(STARTED.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    closed_once()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(shared.run([1, "stop"]), 0.1)
    closed_once()
    assert await shared.run([1]) == [1]


async def test_queued_calls_go_on_after_a_kill():
    shared = pipeline(LoopNode)
    first = asyncio.ensure_future(shared.run(["stop"]))
    others = [asyncio.ensure_future(shared.run([i])) for i in range(3)]
    await asyncio.to_thread(STARTED.wait)
    first.cancel()
    assert await asyncio.gather(*others) == [[0], [1], [2]]
    assert first.cancelled()
    assert sorted(CLOSED) == ["n0"] * 4 + ["n1"] * 4


async def test_a_thread_that_is_blocked_is_left_alone():
    shared = pipeline(BlockedNode, timeout_ms=50)
    with pytest.raises(NodeTimeoutError, match=r"'n1' \(BlockedNode\).*blocked in C") as caught:
        await shared.run(["stop"])
    assert caught.value.node_id == "n1"
    assert CLOSED == []  # its thread still has them
    assert await shared.run([1, 2]) == [1, 2]
    closed_once()
    RELEASE.set()
    await asyncio.to_thread(wait_until_closed)
    closed_once()
    assert shared.get_metrics()["total_executions"] == 1


async def test_a_cancelled_thread_that_is_blocked_is_left_alone():
    shared = pipeline(BlockedNode)
    task = asyncio.ensure_future(shared.run(["stop"]))
    await asyncio.to_thread(STARTED.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert any("BlockedNode" in note for note in caught.value.__notes__)
    assert await shared.run([1]) == [1]
    closed_once()
    RELEASE.set()
    await asyncio.to_thread(wait_until_closed)
    closed_once()


@pytest.mark.parametrize("in_loop", [True, False])
def test_an_await_that_cannot_be_cancelled_is_left_alone(in_loop):
    shared = pipeline(DeafNode, timeout_ms=50)

    async def run():
        try:
            await shared.run(["stop"])
        finally:
            RELEASE.set()

    with pytest.raises(NodeTimeoutError, match="DeafNode"):
        asyncio.run(run()) if in_loop else shared.run_sync(["stop"])
    wait_until_closed()
    closed_once()


def test_calls_that_took_too_long_open_the_circuit():
    from remotemedia import CircuitOpenError

    shared = pipeline(LoopNode, timeout_ms=20)
    for _ in range(5):
        with pytest.raises(NodeTimeoutError):
            shared.run_sync(["stop"])
    with pytest.raises(CircuitOpenError) as caught:
        shared.run_sync([1])
    assert caught.value.node_id == "n1"


def test_a_good_call_closes_the_count():
    shared = pipeline(LoopNode, timeout_ms=20)
    for _ in range(4):
        with pytest.raises(NodeTimeoutError):
            shared.run_sync(["stop"])
    CLOSED.clear()
    works(shared)
    for _ in range(4):
        with pytest.raises(NodeTimeoutError):
            shared.run_sync(["stop"])
    CLOSED.clear()
    works(shared)


def test_a_thread_that_cannot_be_started(monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    shared = pipeline(FineNode)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start"):
            shared.run_sync([1])
    works(shared)


CTRL_C = """
import sys
sys.path[:0] = ["py", "py/tests", "py/tests/native"]
import test_stop
from test_stop import *
shared = pipeline({kind})
def ring():
    STARTED.wait()
    print("started", flush=True)
threading.Thread(target=ring, daemon=True).start()
try:
    shared.run_sync(["stop"])
except KeyboardInterrupt as error:
    print("interrupted", sorted(CLOSED), *getattr(error, "__notes__", []))
    RELEASE.set()
    CLOSED.clear()
    print(shared.run_sync([1]))
"""


@pytest.mark.parametrize("kind", ["LoopNode", "StubbornNode", "WaitingNode", "BlockedNode"])
def test_ctrl_c(kind):
    process = subprocess.Popen(
        [sys.executable, "-c", CTRL_C.format(kind=kind)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "started\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    first, second = out.splitlines()
    if kind == "BlockedNode":
        assert first.startswith("interrupted [] ") and "BlockedNode" in first
    else:
        assert first == "interrupted ['n0', 'n1']"
    assert second == "[1]"


# --- Rust -----------------------------------------------------------------------------------


def rust(kind, node=(), **fields):
    specs = [("FineNode", {}), (kind, {}, dict(fields))]
    return Pipeline.from_manifest(chain(specs), node_types=[FineNode], enable_metrics=True)


@pytest.fixture
def _test_module(monkeypatch):
    path = ROOT / "dist" / "wasm" / "test-runtime.wasm"
    monkeypatch.setenv(PATH_VARIABLE, str(path))


@pytest.mark.usefixtures("_test_module")
class TestRust:
    def test_the_limit_of_a_node(self):
        shared = rust("SpinNode", timeout_ms=50)
        assert shared.plan()["segments"][1]["runtime"] == "rust"
        with pytest.raises(NodeTimeoutError) as caught:
            shared.run_sync([1, "spin"])
        error = caught.value
        assert (error.node_id, error.node_type, error.runtime) == ("n1", "SpinNode", "rust")
        assert error.item_index == 1
        assert CLOSED == ["n0"]
        assert shared.run_sync([1, 2]) == [1, 2]

    def test_the_limit_of_a_run(self):
        shared = rust("SpinNode")
        with pytest.raises(NodeTimeoutError, match="the run"):
            shared.run_sync(["spin"], timeout_ms=100)
        assert shared.run_sync([1, 2]) == [1, 2]

    async def test_asyncio_cancels(self):
        shared = rust("SpinNode")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(shared.run(["spin"]), 0.1)
        assert CLOSED == ["n0"]
        assert await shared.run([1, 2]) == [1, 2]

    async def test_only_the_module_of_this_pipeline_is_interrupted(self):
        spinning, other = rust("SpinNode"), rust("ExpanderNode")
        task = asyncio.ensure_future(spinning.run(["spin"], timeout_ms=200))
        while not task.done():
            assert len(await other.run(range(100))) == 300
        with pytest.raises(NodeTimeoutError):
            await task

    def test_a_panic(self):
        shared = rust("PanicNode")
        for _ in range(2):
            with pytest.raises(NodeError) as caught:
                shared.run_sync([1, "panic"])
            error = caught.value
            assert (error.code, error.node_id, error.item_index) == ("panic", "n1", 1)
            assert error.runtime == "rust"
            assert ".rs:" in error.message
        assert CLOSED == ["n0"] * 2
        assert shared.run_sync([1, 2]) == [1, 2]
        nodes = {node["node_id"]: node for node in shared.get_metrics()["node_metrics"]}
        assert nodes["n1"]["error_count"] == 2
        assert nodes["n1"]["runtime"] == "rust"

    def test_panics_open_the_circuit(self):
        from remotemedia import CircuitOpenError

        shared = rust("PanicNode")
        for _ in range(5):
            with pytest.raises(NodeError, match="panic"):
                shared.run_sync(["panic"])
        with pytest.raises(CircuitOpenError):
            shared.run_sync([1])

    def test_out_of_memory(self):
        shared = rust("AllocateNode")
        with pytest.raises(NodeError) as caught:
            shared.run_sync([1000, 2**40])
        assert (caught.value.code, caught.value.node_id) == ("out_of_memory", "n1")
        assert len(shared.run_sync([1000])) == 1

    def test_a_module_that_has_grown_is_made_anew(self):
        shared = rust("AllocateNode")
        shared.run_sync([1000])
        runtime = shared._plans.get().rust
        before = runtime.generation
        shared.run_sync([100 << 20])
        assert runtime.generation == before + 1
        assert len(runtime.memory()) < 64 << 20

    def test_recycle_and_preload(self):
        shared = rust("PassThroughNode")
        shared.preload()
        first = shared._plans.get().rust
        assert shared.run_sync([1]) == [1]
        assert shared._plans.get().rust is first
        shared.recycle()
        assert shared.run_sync([1]) == [1]
        assert shared._plans.get().rust is not first
