"""Fills the templates of `remotemedia new`."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from string import Template
from typing import NamedTuple

from remotemedia._json_form import JsonFormError

PYODIDE = "314.0.7"
"""The Pyodide that starters are tested in; package.json names the same."""

_TEMPLATES = Path(__file__).parent / "templates"
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PROJECT = {"pyproject.toml": "project/pyproject.toml", ".gitignore": "project/gitignore"}
_NODE = {
    "nodes/$module.py": "node/node.py.template",
    "tests/test_$module.py": "node/test.py.template",
}
_FILES = {
    "node": {"manifest.json": "node/manifest.json", **_NODE, "README.md": "node/README.md"},
    "pipeline": {
        "manifest.json": "pipeline/manifest.json",
        "tests/test_$module.py": "pipeline/test.py.template",
        "README.md": "pipeline/README.md",
    },
}


class Names(NamedTuple):
    """What one name is in different places: `soft-clip`, `soft_clip`, `SoftClipNode`."""

    folder: str
    module: str
    type: str


def names_of(name: str) -> Names:
    """Return the names; raises JsonFormError if they would be none in Python."""
    words = _WORDS.findall(name)
    if len(words) > 1 and words[-1].lower() == "node":
        words.pop()
    module = "_".join(words).lower()
    left = _WORDS.sub("", name).strip("-_ ")
    if left or not module.isidentifier() or keyword.iskeyword(module):
        message = f"{name!r} makes no name of a Python module: use letters, digits and -"
        raise JsonFormError(message)
    of_class = "".join(word[0].upper() + word[1:] for word in words)
    return Names(module.replace("_", "-"), module, f"{of_class}Node")


def files_of(kind: str, names: Names) -> dict[str, str]:
    """Return the files of a project: path to text."""
    return _filled({**_FILES[kind], **_PROJECT}, names)


def node_files(names: Names) -> dict[str, str]:
    """Return a node and its test, for a project that there is already."""
    return _filled(_NODE, names)


def write_new(target: Path, files: dict[str, str]) -> None:
    """Write files where none are; raises JsonFormError that names those in the way."""
    there = [name for name in files if (target / name).exists()]
    if there:
        message = f"in {target} there is already {', '.join(there)}: nothing was written"
        raise JsonFormError(message)
    for name, text in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _filled(files: dict[str, str], names: Names) -> dict[str, str]:
    words = {**names._asdict(), "pyodide": PYODIDE}
    return {
        Template(name).substitute(words): Template(
            (_TEMPLATES / template).read_text(encoding="utf-8")
        ).substitute(words)
        for name, template in files.items()
    }
