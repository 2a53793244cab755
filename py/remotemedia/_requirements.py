"""Python packages that nodes require: `numpy`, or with versions, `numpy>=2,<3`."""

from __future__ import annotations

import operator
import re

from remotemedia._errors import RuntimeLoadError

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_CLAUSE = re.compile(r"(===?|!=|<=|>=|<|>|~=)\s*([^\s,]+)")
_HOLDS = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
    "===": operator.eq,
    "!=": operator.ne,
}


def name_of(requirement: str) -> str:
    """Return the name of the package."""
    found = _NAME.match(requirement)
    return found.group() if found else requirement


def need(requirements: list[str]) -> None:
    """Import what nodes require; raises RuntimeLoadError that says how to get it.

    What is imported by another name than that of its package is only looked for.
    """
    from importlib import import_module

    for requirement in requirements:
        name = name_of(requirement)
        importable = _is_importable(name)
        if not importable and _installed(name) is None:
            raise RuntimeLoadError(f"a node needs {requirement}: pip install {how(requirement)}")
        check_version(requirement)
        if importable:
            import_module(name)


def _is_importable(name: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # it is not even a name, or in a package that is not there
        return False


def _installed(name: str) -> str | None:
    """Return the version of a package, None if there is none of that name."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None


def how(requirement: str) -> str:
    """Return what pip is given."""
    return "'remotemedia[audio]'" if requirement == "numpy" else f"'{requirement}'"


def check_version(requirement: str) -> None:
    """Raise RuntimeLoadError if the installed version is none of those required."""
    clauses = _CLAUSE.findall(requirement)
    if not clauses:
        return
    name = name_of(requirement)
    installed = _installed(name)
    if installed is None:
        return  # there, but not as a package: nobody knows its version
    if not all(_fits(installed, sign, wanted) for sign, wanted in clauses):
        message = f"a node needs {requirement}, there is {name} {installed}"
        raise RuntimeLoadError(message)


def _fits(installed: str, sign: str, wanted: str) -> bool:
    have, want = _numbers(installed), _numbers(wanted)
    if sign in ("==", "!=") and wanted.endswith(".*"):
        return (have[: len(want)] == want) is (sign == "==")
    if sign == "~=":
        return have >= want and have[: len(want) - 1] == want[:-1]
    length = max(len(have), len(want))
    padded = [[*numbers, *[0] * (length - len(numbers))] for numbers in (have, want)]
    return bool(_HOLDS[sign](*padded))


def _numbers(version: str) -> list[int]:
    """Return the numbers of a release; pre- and post-releases count as the release."""
    release = re.match(r"v?([0-9]+(?:\.[0-9]+)*)", version)
    return [int(part) for part in release[1].split(".")] if release else []
