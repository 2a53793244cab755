"""Runs coroutine tests, natively and inside Pyodide, and finds the helper modules beside this file."""

import inspect
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

if sys.platform != "emscripten":
    # What a shell starts in the background ignores Ctrl-C, and so would the programs of the tests.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def run_coroutine(coroutine):
    if sys.platform == "emscripten":
        from pyodide.ffi import run_sync

        return run_sync(coroutine)
    import asyncio

    return asyncio.run(coroutine)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    run_coroutine(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True
