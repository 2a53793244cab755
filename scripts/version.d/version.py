"""Says which version this is, after checking that every place that names it agrees.

    usage: python version.py [--tag TAG]

With --tag the tag must be `v` and that version, and CHANGELOG.md must have a dated section of it.
"""

import argparse
import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def read(path: str) -> str:
    """Return the text of a file of the checkout."""
    return (ROOT / path).read_text(encoding="utf-8")


def matches(path: str, pattern: str) -> list[str]:
    """Return what the group of a pattern matches on any line of a file."""
    return re.findall(pattern, read(path), re.MULTILINE)


def named() -> dict[str, list[str]]:
    """Return every place that names the version, with what it says: nothing is an empty list."""
    lock = json.loads(read("package-lock.json"))
    extra = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]["wasm"]
    crates = matches("rust-wasm/Cargo.toml", r'^remotemedia-\w+ = \{ path = .*version = "([^"]+)"')
    return {
        "pyproject.toml": [tomllib.loads(read("pyproject.toml"))["project"]["version"]],
        "pyproject.toml, extra wasm": [
            pin.removeprefix("remotemedia-wasm==")
            for pin in extra
            if pin.startswith("remotemedia-wasm")
        ],
        "packages/remotemedia-wasm/pyproject.toml": [
            tomllib.loads(read("packages/remotemedia-wasm/pyproject.toml"))["project"]["version"]
        ],
        "py/remotemedia/__init__.py": matches(
            "py/remotemedia/__init__.py", r'^__version__ = "([^"]+)"'
        ),
        "py/remotemedia/_manifest.py": matches(
            "py/remotemedia/_manifest.py", r'^RELEASE = "([^"]+)"'
        ),
        "package.json": [json.loads(read("package.json"))["version"]],
        "package-lock.json": [lock["version"], lock["packages"][""]["version"]],
        "web/src/version.ts": matches("web/src/version.ts", r"^export const version = '([^']+)'"),
        "rust-wasm/Cargo.toml": [
            tomllib.loads(read("rust-wasm/Cargo.toml"))["workspace"]["package"]["version"]
        ],
        "rust-wasm/Cargo.toml, own crates": crates,
    }


def problems(places: dict[str, list[str]], tag: str | None) -> list[str]:
    """Return what is wrong, a line each."""
    [version] = places["pyproject.toml"]
    found = [
        f"{place} says {', '.join(said) or 'nothing'}, not {version}"
        for place, said in places.items()
        if not said or set(said) != {version}
    ]
    if tag is not None:
        if tag != f"v{version}":
            found.append(f"the tag is {tag}, not v{version}")
        if not matches("CHANGELOG.md", rf"^(## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\))$"):
            found.append(f"CHANGELOG.md has no section '## {version} (YYYY-MM-DD)'")
    return found


def main() -> int:
    """Print the version; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", help="the tag of a release")
    places = named()
    wrong = problems(places, parser.parse_args().tag)
    for line in wrong:
        print(f"version: {line}", file=sys.stderr)
    print(*places["pyproject.toml"])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
