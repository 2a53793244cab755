"""Runs test suites one after the other and adds up what their own reports say.

    usage: python run_suites.py SUITE...

The last line is `N passed, N failed, N skipped`. A suite fails if its command does, if one of its
tests does, or if it ran no test at all. Before it stand the matrix of conformance vectors and the
hosts of these suites, where a missing or failed cell counts as a failed test, and how much of
web/src the suites ran: too little is a failed test, if there was a browser to run it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import matrix

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / ".cache" / "test-reports"
CONFORMANCE = REPORTS / "conformance"
COVERAGE = ROOT / ".cache" / "coverage" / "web"
# Where suites write their columns of the matrix, and what of web/src they ran; the examples of
# property-based tests in Rust.
ENVIRONMENT = os.environ | {
    "REMOTEMEDIA_CONFORMANCE": str(CONFORMANCE),
    "REMOTEMEDIA_COVERAGE": str(COVERAGE),
    "PROPTEST_RNG_SEED": "1",
}
LEAST_COVERAGE = 95
"""Of the statements in web/src, in per cent."""


class Counts(NamedTuple):
    """How many tests passed, failed and were skipped."""

    passed: int
    failed: int
    skipped: int

    def __str__(self) -> str:
        """Spell the counts as the last line does."""
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def total(counts: Iterable[Counts]) -> Counts:
    """Add counts up."""
    return Counts(*map(sum, zip(Counts(0, 0, 0), *counts, strict=True)))


class Suite(NamedTuple):
    """How to run a suite so that it leaves a report, and how to read that report."""

    command: list[str]
    folder: Path
    report: Path
    read: Callable[[str], Counts]
    hosts: tuple[str, ...] = ()
    """Those whose conformance the suite tests."""


def read_cargo(report: str) -> Counts:
    """Add up the closing lines of the test binaries: stable cargo has no report for machines."""
    closing = r"^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored;"
    return total(Counts(*map(int, line)) for line in re.findall(closing, report, re.MULTILINE))


def read_fuzz(report: str) -> Counts:
    """Count the languages that scripts/fuzz reports as tests."""
    results = re.findall(r"^fuzz: \w+: (ok|FAILED)", report, re.MULTILINE)
    return Counts(results.count("ok"), results.count("FAILED"), 0)


def read_junit(report: str) -> Counts:
    """Read pytest's JUnit XML."""
    suite = ET.fromstring(report).find("testsuite")
    tests, failures, errors, skipped = (
        int(suite.attrib[name]) if suite is not None else 0
        for name in ("tests", "failures", "errors", "skipped")
    )
    return Counts(tests - failures - errors - skipped, failures + errors, skipped)


def read_vitest(report: str) -> Counts:
    """Read Vitest's JSON; a file that could not be loaded counts as a failed test."""
    data = json.loads(report)
    unloaded = sum(
        file["status"] == "failed" and not file["assertionResults"] for file in data["testResults"]
    )
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
        ("rust",),
    ),
    "pytest": Suite(
        ["scripts/test.d/pytest", f"--junitxml={REPORTS / 'pytest.xml'}"],
        ROOT,
        REPORTS / "pytest.xml",
        read_junit,
        ("command", "python", "native"),
    ),
    "vitest": Suite(
        [
            "vitest",
            "run",
            "--coverage",
            "--reporter=default",
            "--reporter=json",
            f"--outputFile.json={REPORTS / 'vitest.json'}",
        ],
        ROOT,
        REPORTS / "vitest.json",
        read_vitest,
        ("node",),
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
        ("pyodide", "chromium"),
    ),
    "fuzz": Suite(["scripts/fuzz", "600"], ROOT, REPORTS / "fuzz.txt", read_fuzz),
}
PRINTED = {read_cargo, read_fuzz}
"""Readers of what a command prints: it leaves no report of its own."""


def run(name: str) -> Counts:
    """Run one suite and print a line about it.

    A suite that ran no test, or failed although none of its tests did, counts as a failed test.
    """
    suite = SUITES[name]
    suite.report.unlink(missing_ok=True)
    print(f"== {name}", flush=True)
    began = time.monotonic()
    status, output = run_visibly(suite.command, suite.folder)
    seconds = time.monotonic() - began

    if suite.read in PRINTED:
        suite.report.write_text(output)
    counts = suite.read(suite.report.read_text()) if suite.report.exists() else Counts(0, 0, 0)
    reason = "" if status == 0 else f", exit code {status}"
    if counts == (0, 0, 0):
        reason += ", no test ran"
    if reason and not counts.failed:
        counts = counts._replace(failed=1)
    print(f"== {name}: {counts}, {seconds:.0f} s{reason}", flush=True)
    return counts


def run_visibly(command: list[str], folder: Path) -> tuple[int, str]:
    """Run a command, showing its output as it comes; returns the exit code and the output."""
    output = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            output.append(line)
    return process.returncode, "".join(output)


def conform(names: list[str]) -> Counts:
    """Print the matrix of the suites' hosts; it is one more test."""
    hosts = [host for host in matrix.HOSTS if any(host in SUITES[name].hosts for name in names)]
    print("== conformance", flush=True)
    good = matrix.main([str(CONFORMANCE), "--short", *hosts]) == 0
    return Counts(int(good), int(not good), 0)


def cover(names: list[str]) -> Counts:
    """Print how much of web/src ran; it is one more test where Node.js and a browser ran it."""
    if "vitest" not in names:
        return Counts(0, 0, 0)
    print("== coverage of web/src", flush=True)
    command = ["node", "scripts/test.d/coverage.mjs", str(COVERAGE)]
    if "playwright" not in names:
        subprocess.run(command, cwd=ROOT, check=True)
        return Counts(0, 0, 0)
    good = subprocess.run([*command, str(LEAST_COVERAGE)], cwd=ROOT, check=False).returncode == 0
    return Counts(int(good), int(not good), 0)


def main(names: list[str]) -> int:
    """Run the suites and print the totals; returns the exit code."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(CONFORMANCE, ignore_errors=True)
    shutil.rmtree(COVERAGE, ignore_errors=True)
    totals = total([*map(run, names), conform(names), cover(names)])
    print(totals)
    return 1 if totals.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
