import sys
import warnings

import pytest
from segments import chain

from remotemedia import FallbackWarning, ManifestError, Pipeline, RuntimeLoadError
from remotemedia._hosts.wasmtime import PATH_VARIABLE
from remotemedia._registry import ALIASES, BUILT_IN


@pytest.fixture(autouse=True)
def _no_rust(monkeypatch, tmp_path):
    monkeypatch.setenv(PATH_VARIABLE, str(tmp_path / "nothing.wasm"))


def test_everything_runs_in_python_with_one_warning_that_says_why():
    pipeline = Pipeline.from_manifest(chain([("AddNode", {"addend": 1})]), enable_metrics=True)
    with pytest.warns(FallbackWarning, match=r"nothing\.wasm cannot be read") as caught:
        assert pipeline.run_sync([1, 2]) == [2, 3]
    assert len(caught) == 1
    assert pipeline.get_metrics()["node_metrics"][0]["runtime"] == "python"


def test_python_that_was_asked_for_is_no_reason_to_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (
            Pipeline.from_manifest(chain([("AddNode", {})]), runtime_hint="python").run_sync(1) == 1
        )


def test_a_node_that_only_rust_has_cannot_run(monkeypatch):
    monkeypatch.delitem(BUILT_IN, "EchoNode")
    monkeypatch.delitem(ALIASES, "Echo")
    with pytest.raises(RuntimeLoadError, match="no Python implementation of EchoNode") as caught:
        Pipeline.from_manifest(chain([("EchoNode", {})])).run_sync(1)
    assert "nothing.wasm" in caught.value.message


def test_rust_that_was_asked_for_is_an_error():
    for pipeline in [
        Pipeline.from_manifest(chain([("AddNode", {})]), runtime_hint="rust"),
        Pipeline.from_manifest(chain([("AddNode", {}, {"runtime_hint": "rust"})])),
    ]:
        with pytest.raises(ManifestError) as caught:
            pipeline.run_sync(1)
        assert [issue.code for issue in caught.value.issues] == ["unavailable_runtime"]


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.delenv(PATH_VARIABLE)
    monkeypatch.setitem(sys.modules, "remotemedia_wasm", None)
    pipeline = Pipeline.from_manifest(chain([("AddNode", {})]))
    with pytest.warns(FallbackWarning, match=r"pip install 'remotemedia\[wasm\]'"):
        pipeline.run_sync(1)


def test_a_package_that_a_node_needs(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("remotemedia._requirements._installed", lambda name: None)
    pipeline = Pipeline.from_manifest(chain([("VADNode", {})]), runtime_hint="python")
    with pytest.raises(RuntimeLoadError, match=r"needs numpy.*remotemedia\[audio\]"):
        pipeline.run_sync([])
