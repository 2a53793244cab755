"""Runs the unpacked suite with pytest; the value of the program is a JSON report."""

import contextlib
import io
import json
import os
import sys

sys.path.insert(0, "/suite/site")
os.chdir("/suite")

import pytest


class Counter:
    """Counts results as pytest reports them."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed += 1
        elif report.skipped:
            self.skipped += 1
        elif report.when == "call":
            self.passed += 1


counter = Counter()
output = io.StringIO()
with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
    code = pytest.main(
        ["py/tests", "-q", "-p", "no:cacheprovider", "-W", "error", "--import-mode=importlib"], plugins=[counter]
    )
json.dumps(
    {
        "exitCode": int(code),
        "output": output.getvalue(),
        "passed": counter.passed,
        "failed": counter.failed,
        "skipped": counter.skipped,
    }
)
