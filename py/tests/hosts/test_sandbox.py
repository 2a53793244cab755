"""The Python side of the sandbox, as far as it works outside Pyodide; the rest is tested in browsers."""

import importlib
import sys
from types import ModuleType, SimpleNamespace

import pytest

from remotemedia._hosts import sandbox


@pytest.fixture
def pyodide(monkeypatch):
    """Modules as Pyodide has them, and what confine leaves behind."""
    left = SimpleNamespace(hooks=[], javascript={"js": object(), "pyodide_js": object()})
    hook = ModuleType("_pyodide._importhook")
    hook.jsfinder = SimpleNamespace(jsproxies=left.javascript)
    api = ModuleType("pyodide_js._api")
    api.abortSignalAny = "any"
    names = {"js": ModuleType("js"), "pyodide_js": ModuleType("pyodide_js"), "pyodide_js._api": api}
    modules = {**names, "_pyodide": ModuleType("_pyodide"), "_pyodide._importhook": hook}
    modules["pyodide"] = ModuleType("pyodide")
    modules["pyodide"].__path__ = []
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    monkeypatch.setattr(sys, "addaudithook", left.hooks.append)
    left.real_api = api
    return left


def test_nothing_of_javascript_is_left(pyodide):
    sandbox.confine(False)
    assert pyodide.javascript == {}
    for name in ["js", "js.fetch", "pyodide_js"]:
        with pytest.raises(ImportError, match="is not trusted may not use JavaScript") as caught:
            importlib.import_module(name)
        assert caught.value.name in name
    with pytest.raises(ImportError, match="may not use the network"):
        importlib.import_module("pyodide.http")
    importlib.import_module("json")
    # What asyncio.run asks for.
    assert importlib.import_module("pyodide_js._api").config.enableRunUntilComplete
    assert not hasattr(importlib.import_module("pyodide_js._api"), "abortSignalAny")


def test_with_origins_that_were_granted_js_stays(pyodide):
    there = sys.modules["js"]
    sandbox.confine(True)
    assert list(pyodide.javascript) == ["js"]
    assert importlib.import_module("js") is there
    assert importlib.import_module("pyodide_js._api").abortSignalAny == "any"
    with pytest.raises(ImportError, match="may not use JavaScript"):
        importlib.import_module("pyodide_js")


@pytest.mark.parametrize(
    ("event", "args", "reason"),
    [
        ("socket.connect", (None, ("localhost", 80)), "network"),
        ("socket.getaddrinfo", ("localhost", 80, 0, 0, 0), "network"),
        ("urllib.Request", ("http://localhost", None, {}, "GET"), "network"),
        ("webbrowser.open", ("http://localhost",), "network"),
        ("os.system", (b"true",), "programs"),
        ("subprocess.Popen", ("true", ["true"], None, None), "programs"),
        ("ctypes.dlopen", ("out.so",), "compiled code"),
        ("ctypes.dlsym", (None, "emscripten_run_script"), "compiled code"),
        ("ctypes.dlsym/handle", (0, "emscripten_run_script"), "compiled code"),
        ("import", ("out", "out.so", None, None, None), "compiled code"),
    ],
)
def test_what_reaches_out_is_refused(pyodide, event, args, reason):
    sandbox.confine(False)
    [hook] = pyodide.hooks
    with pytest.raises(
        PermissionError, match=f"{event}: a bundle that is not trusted may not .*{reason}"
    ):
        hook(event, args)


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("open", ("/bundle/x", "r", 0)),
        ("import", ("json", None, [], [], [])),
        (
            "import",
            ("numpy._core", "/lib/python3.14/site-packages/numpy/_core/x.so", None, None, None),
        ),
        ("ctypes.dlopen", (None,)),
        ("ctypes.dlsym", (None, "PyObject_Repr")),
        ("socket.__new__", (None, 2, 1, 0)),
    ],
)
def test_the_rest_goes_on(pyodide, event, args):
    sandbox.confine(False)
    [hook] = pyodide.hooks
    hook(event, args)
