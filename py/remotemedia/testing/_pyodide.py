"""Runs the contract of a node in Pyodide, which Node.js runs."""

from __future__ import annotations

import builtins
import inspect
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remotemedia._errors import RuntimeLoadError, from_wire
from remotemedia._json_form import to_json_form
from remotemedia._requirements import name_of
from remotemedia.testing._contract import ContractError

if TYPE_CHECKING:
    from remotemedia._node import Node
    from remotemedia.testing._contract import Case

HERE = Path(__file__).parent
VARIABLE = "REMOTEMEDIA_PYODIDE"


def check_in_pyodide(case: Case) -> None:
    """Check every rule in a fresh Pyodide; raises what is raised there."""
    request = {
        "pyodide": str(find_pyodide()),
        "package": str(HERE.parent),
        "packages": packages_of(case),
        **source_of(case.cls),
        "case": {
            "params": to_json_form(case.params),
            "inputs": to_json_form(case.inputs),
            "expected": to_json_form(case.expected),
            "tolerance": case.tolerance,
        },
    }
    done = subprocess.run(  # noqa: S603 - our own program
        [find_node(), str(HERE / "pyodide.mjs")],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        message = f"Node.js ended with {done.returncode} and gave no answer: {done.stderr[-2000:]}"
        raise RuntimeLoadError(message) from None
    if answer is not None:
        raise rebuilt(answer)


def find_node() -> str:
    """Return the program `node`."""
    node = shutil.which("node")
    if node is None:
        message = "Node.js is needed to run Pyodide: install it so that `node` is on the PATH"
        raise RuntimeLoadError(message)
    return node


def find_pyodide() -> Path:
    """Return the folder of Pyodide's files."""
    named = os.environ.get(VARIABLE)
    here = Path.cwd()
    folders = (
        [Path(named).absolute()]
        if named
        else [folder / "node_modules" / "pyodide" for folder in (here, *here.parents)]
    )
    for folder in folders:
        if (folder / "pyodide.mjs").is_file():
            return folder
    where = f"{VARIABLE}={named}" if named else f"no node_modules/pyodide in or above {here}"
    message = (
        f"Pyodide is not found ({where}): run `npm install pyodide`, or let {VARIABLE} name a "
        "folder with pyodide.mjs"
    )
    raise RuntimeLoadError(message)


def packages_of(case: Case) -> list[str]:
    """Return the names of the packages that the node and its values need."""
    names = [name_of(requirement) for requirement in case.cls.requires]
    text = json.dumps([to_json_form(each) for each in (case.inputs, case.expected)])
    if '"$audio"' in text or '"$tensor"' in text:
        names.append("numpy")
    return list(dict.fromkeys(names))


def source_of(cls: type[Node]) -> dict[str, Any]:
    """Return where a class comes from: the folder that is imported from, module and name."""
    file = inspect.getsourcefile(cls)
    if file is None or "<locals>" in cls.__qualname__:
        message = f"{cls.__qualname__} must stand in a file, at its top level, to run in Pyodide"
        raise TypeError(message)
    path = Path(file).resolve()
    dotted = path.with_suffix("").parts
    parts = tuple(cls.__module__.split("."))
    if path.name == "__init__.py":
        dotted = dotted[:-1]
    if dotted[-len(parts) :] != parts:  # `__main__`, or loaded by its path
        parts = dotted[-1:]
    root = Path(*dotted[: -len(parts)])
    own = path.is_relative_to(HERE.parent)
    return {
        "root": None if own else str(root),
        "module": ".".join(parts),
        "name": cls.__qualname__,
    }


def rebuilt(answer: dict[str, Any]) -> BaseException:
    """Return the error that was raised in Pyodide, as the same class."""
    name, message = answer["name"], answer["message"]
    error: BaseException
    if answer["wire"] is not None:
        error = from_wire(answer["wire"])
    elif name == ContractError.__name__:
        error = ContractError(f"in Pyodide: {message}")
    else:
        found = getattr(builtins, name, None)
        is_plain = isinstance(found, type) and issubclass(found, Exception)
        error = found(message) if found and is_plain else RuntimeLoadError(f"{name}: {message}")
    error.add_note(f"raised in Pyodide:\n{answer['traceback']}")
    return error
