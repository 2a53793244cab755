"""Runs test suites one after the other and adds up what their own reports say.

    usage: python run_suites.py SUITE...

The last line is `N passed, N failed, N skipped`. A suite fails if its command does, if one of its tests does, or if it
ran no test at all.
"""

import json
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / ".cache" / "test-reports"


class Counts(NamedTuple):
    """How many tests passed, failed and were skipped."""

    passed: int
    failed: int
    skipped: int

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


class Suite(NamedTuple):
    """How to run a suite so that it leaves a report, and how to read that report."""

    command: list[str]
    folder: Path
    report: Path
    read: Callable[[str], Counts]


def read_cargo(report: str) -> Counts:
    """Add up the closing lines of the test binaries; stable cargo has no machine-readable report."""
    lines = re.findall(r"^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored;", report, re.MULTILINE)
    return Counts(*(sum(int(line[column]) for line in lines) for column in range(3)))


def read_junit(report: str) -> Counts:
    """Read pytest's JUnit XML."""
    suites = [suite.attrib for suite in ET.fromstring(report).iter("testsuite")]
    total, failures, errors, skipped = (
        sum(int(suite[name]) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors
    return Counts(total - failed - skipped, failed, skipped)


def read_vitest(report: str) -> Counts:
    """Read Vitest's JSON; a file that cannot be loaded counts as a failed test."""
    data = json.loads(report)
    unloaded = sum(not file["assertionResults"] and file["status"] == "failed" for file in data["testResults"])
    skipped = data["numPendingTests"] + data["numTodoTests"]
    return Counts(data["numPassedTests"], data["numFailedTests"] + unloaded, skipped)


def read_playwright(report: str) -> Counts:
    """Read Playwright's JSON; a test that passed only when repeated has failed."""
    stats = json.loads(report)["stats"]
    return Counts(stats["expected"], stats["unexpected"] + stats["flaky"], stats["skipped"])


SUITES = {
    "cargo": Suite(
        ["cargo", "test", "--workspace", "--no-fail-fast"],
        ROOT / "rust-wasm",
        REPORTS / "cargo.txt",
        read_cargo,
    ),
    "pytest": Suite(
        ["python", "-m", "pytest", f"--junitxml={REPORTS / 'pytest.xml'}"],
        ROOT,
        REPORTS / "pytest.xml",
        read_junit,
    ),
    "vitest": Suite(
        ["vitest", "run", "--reporter=default", "--reporter=json", f"--outputFile.json={REPORTS / 'vitest.json'}"],
        ROOT,
        REPORTS / "vitest.json",
        read_vitest,
    ),
    "playwright": Suite(
        [
            "env",
            f"PLAYWRIGHT_JSON_OUTPUT_FILE={REPORTS / 'playwright.json'}",
            "playwright",
            "test",
            "--reporter=line,json",
        ],
        ROOT,
        REPORTS / "playwright.json",
        read_playwright,
    ),
}


def run(name: str) -> tuple[Counts, bool]:
    """Run one suite and print a line about it; returns its counts and whether it is all right."""
    suite = SUITES[name]
    suite.report.unlink(missing_ok=True)
    print(f"== {name}", flush=True)
    began = time.monotonic()
    with subprocess.Popen(
        suite.command,
        cwd=suite.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        output = []
        for line in process.stdout:
            print(line, end="", flush=True)
            output.append(line)
    seconds = time.monotonic() - began

    if suite.read is read_cargo:
        suite.report.write_text("".join(output))
    counts = suite.read(suite.report.read_text()) if suite.report.exists() else Counts(0, 0, 0)
    passed = process.returncode == 0 and counts.failed == 0 and counts.passed > 0
    reason = "" if passed else f", FAILED (exit code {process.returncode})" if counts.passed else ", FAILED: no test ran"
    print(f"== {name}: {counts}, {seconds:.0f} s{reason}", flush=True)
    return counts, passed


def main(names: list[str]) -> int:
    """Run the suites and print the totals; returns the exit code."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    results = {name: run(name) for name in names}
    bad = [name for name, (_, passed) in results.items() if not passed]
    if bad:
        print(f"failed: {', '.join(bad)}")
    print(Counts(*(sum(column) for column in zip(*(counts for counts, _ in results.values()), strict=True))))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
