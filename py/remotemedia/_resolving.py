"""Resolves the `requirements.txt` of a bundle into pure wheels, with pip.

What is written does not depend on the machine: wheels are pure, and a dependency with a condition
is taken if it holds on any of the systems that a bundle may run on.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import warnings
from email.parser import BytesParser
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from remotemedia._errors import RuntimeLoadError
from remotemedia._requirements import name_of
from remotemedia._wheels import WHEELS, check_wheel, wheels_in
from remotemedia._zip import Archive, Source, refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from remotemedia._catalog import Entry

FILE = "requirements.txt"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""Versions that a bundle may run on."""
_SYSTEMS = (
    ("emscripten", "posix", "Emscripten", "wasm32"),
    ("linux", "posix", "Linux", "x86_64"),
    ("darwin", "posix", "Darwin", "arm64"),
    ("win32", "nt", "Windows", "AMD64"),
)
_PIN = re.compile(r"[A-Za-z0-9._-]+(\[[^\]]*\])?\s*==\s*[^\s*,;]+")
_PIP = (
    *("download", "--no-deps", "--only-binary=:all:", "--platform=any", "--implementation=py"),
    *("--abi=none", f"--python-version={PYTHONS[0]}", "--disable-pip-version-check", "--no-input"),
    *("--quiet", "--progress-bar=off"),
)


class Supplied(NamedTuple):
    """Dependencies of wheels that are not in the bundle, and pip's reason for each."""

    reasons: dict[str, str]

    def check(self, places: Mapping[str, list[Entry]]) -> None:
        """Refuse those that no node declares as supplied by the host."""
        entries = [entry for part in places.values() for entry in part]
        declared = _normal_names(name_of(each) for entry in entries for each in entry["requires"])
        for name, reason in self.reasons.items():
            if _normal(name) not in declared:
                message = (
                    f"there is no pure wheel of {name}, and no node that has it in requires, as "
                    f"what the host supplies: {reason}"
                )
                refuse("bad_requirement", message, FILE)


def resolve(path: Path, files: dict[str, bytes]) -> Supplied:
    """Add the wheels that the file at `path` asks for to `files`, and what they depend on.

    A distribution whose wheel is there already is taken as it is. Raises PackageError
    (`bad_requirement`), RuntimeLoadError if pip is missing.
    """
    if not path.is_file():
        return Supplied({})
    resolver = _Resolver(files)
    todo: list[tuple[Any, str | None]] = [
        (pin, None) for pin in _pinned(path, resolver.packaging.Requirement)
    ]
    while todo:
        requirement, asked_by = todo.pop(0)
        todo += [(each, requirement.name) for each in resolver.take(requirement, asked_by)]
    return resolver.supplied


class _Resolver:
    """Takes one requirement after the other."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.packaging = _packaging()
        self.supplied = Supplied({})
        self._files = files
        self._wheels = {_normal(_told(path)[0]): path for path in wheels_in(files)}
        self._done: dict[str, set[str]] = {}
        """Extras whose dependencies were asked for, by distribution."""

    def take(self, requirement: Any, asked_by: str | None) -> list[Any]:
        """Get the wheel of a requirement unless it is there; return what it depends on."""
        name = _normal(requirement.name)
        if name not in self._wheels and name not in _normal_names(self.supplied.reasons):
            self._get(requirement, name, asked_by)
        path = self._wheels.get(name)
        if path is None:
            return []
        version = _told(path)[1]
        if not requirement.specifier.contains(version, prereleases=True):
            who = asked_by or FILE
            refuse("bad_requirement", f"{who} needs {requirement}, but there is {version}", FILE)
        if ({""} | requirement.extras) <= self._done.get(name, set()):
            return []
        self._done.setdefault(name, {""}).update(requirement.extras)
        return self._dependencies(path, requirement.extras)

    def _get(self, requirement: Any, name: str, asked_by: str | None) -> None:
        try:
            file, content = _download(f"{requirement.name}{requirement.specifier}")
        except _NotFoundError as error:
            if asked_by is None:
                refuse("bad_requirement", f"no pure wheel of {requirement}: {error}", FILE)
            self.supplied.reasons[requirement.name] = str(error)
            return
        self._wheels[name] = WHEELS + file
        self._files[WHEELS + file] = content
        if asked_by is not None:
            pin = "==".join(file.split("-")[:2])
            message = f"{FILE} does not pin {requirement.name}, which {asked_by} needs: took {pin}"
            warnings.warn(message, stacklevel=5)

    def _dependencies(self, path: str, extras: set[str]) -> list[Any]:
        """Return what a wheel needs on any system, without the conditions."""
        wheel = self._files[path]
        names = [name for name in check_wheel(wheel, path) if name.endswith(".dist-info/METADATA")]
        if not names:
            refuse("bad_wheel", "it has no METADATA", path)
        metadata = BytesParser().parsebytes(Archive(Source(wheel))[names[0]])
        try:
            self._check_python(metadata.get("Requires-Python"), path)
            asked = map(self.packaging.Requirement, metadata.get_all("Requires-Dist", []))
            return [each for each in asked if _is_asked(each.marker, extras)]
        except ValueError as error:
            refuse("bad_wheel", f"its METADATA cannot be read: {error}", path)

    def _check_python(self, wanted: str | None, path: str) -> None:
        for python in PYTHONS if wanted is not None else ():
            if not self.packaging.SpecifierSet(wanted).contains(f"{python}.99"):
                refuse("bad_requirement", f"it does not run on Python {python}: {wanted}", path)


def _pinned(path: Path, parse: Callable[[str], Any]) -> Iterator[Any]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = re.sub(r"(^|\s)#.*", "", line).strip()
        if not text:
            continue
        try:
            requirement = parse(text)
        except ValueError:
            requirement = None
        if requirement is None or not _PIN.fullmatch(text):
            refuse("bad_requirement", f"line {number} is not like name==1.2.3: {line}", FILE)
        yield requirement


class _NotFoundError(Exception):
    """Pip has no such wheel."""


def _download(requirement: str) -> tuple[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="remotemedia-") as folder:
        # -P: modules in the folder that happens to be the current one are none of pip's.
        command = [sys.executable, "-P", "-m", "pip", *_PIP, "--dest", folder, requirement]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if "No module named pip" in done.stderr:
            message = f"{FILE} is resolved with pip, which is not installed: python -m ensurepip"
            raise RuntimeLoadError(message)
        found = [*Path(folder).glob("*.whl")]
        if done.returncode or len(found) != 1:
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
            raise _NotFoundError(" ".join(errors).replace("ERROR: ", "") or done.stderr.strip())
        return found[0].name, found[0].read_bytes()


def _is_asked(marker: Any, extras: set[str]) -> bool:
    return marker is None or any(
        marker.evaluate({**system, "extra": extra})
        for system, extra in product(_environments(), ["", *sorted(extras)])
    )


def _environments() -> Iterator[dict[str, str]]:
    for python, (platform, os_name, system, machine) in product(PYTHONS, _SYSTEMS):
        yield {
            "python_version": python,
            "python_full_version": f"{python}.0",
            "implementation_version": f"{python}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "sys_platform": platform,
            "os_name": os_name,
            "platform_system": system,
            "platform_machine": machine,
            "platform_release": "",
            "platform_version": "",
        }


def _told(path: str) -> list[str]:
    """Return what the name of a wheel tells: distribution, version, tags."""
    return path.removeprefix(WHEELS).split("-")


def _normal_names(names: Iterable[str]) -> set[str]:
    return {_normal(name) for name in names}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


class _Packaging(NamedTuple):
    Requirement: Any
    SpecifierSet: Any


def _packaging() -> _Packaging:
    """Return the library that knows versions and conditions, which pip brings along."""
    try:
        from packaging.requirements import Requirement
        from packaging.specifiers import SpecifierSet
    except ImportError:
        try:
            from pip._vendor.packaging.requirements import Requirement  # type: ignore[assignment]
            from pip._vendor.packaging.specifiers import SpecifierSet  # type: ignore[assignment]
        except ImportError:
            message = f"{FILE} is resolved with pip, which is not installed: python -m ensurepip"
            raise RuntimeLoadError(message) from None
    return _Packaging(Requirement, SpecifierSet)
