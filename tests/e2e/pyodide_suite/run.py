"""Runs the unpacked suite with pytest inside Pyodide; the value of the program is a JSON report."""

import contextlib
import io
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, "/suite/site")
os.chdir("/suite")

import pytest  # noqa: E402 - found only now


class Counter:
    """Counts results as pytest reports them."""

    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a result: pytest calls this for set-up, call and tear-down of every test."""
        if report.failed:
            self.failed += 1
        elif report.skipped:
            self.skipped += 1
        elif report.when == "call":
            self.passed += 1


OPTIONS = ["-q", "-p", "no:cacheprovider", "-W", "error", "--import-mode=importlib"]

# The tests to run may be chosen before; conformance vectors are reported one by one.
TESTS = globals().get("chosen", "py/tests").split()
os.environ["REMOTEMEDIA_CONFORMANCE"] = "cells"

counter = Counter()
output = io.StringIO()
with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
    code = pytest.main([*TESTS, *OPTIONS], plugins=[counter])
cells = [json.loads(path.read_text()) for path in Path("cells").glob("*.json")]
json.dumps({"exitCode": int(code), "output": output.getvalue(), "columns": cells, **vars(counter)})
