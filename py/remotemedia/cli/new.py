"""Start a project: a node with a pipeline and tests, or a pipeline of built-in nodes."""

from pathlib import Path
from typing import Annotated

import typer

from remotemedia._built_in_names import BUILT_IN_NAMES
from remotemedia._json_form import JsonFormError
from remotemedia.cli._options import Json
from remotemedia.cli._output import print_json
from remotemedia.cli._starter import files_of, names_of, node_files, write_new

NODE_EXAMPLES = ["new node clamp", "new node ClampNode my-project"]
PIPELINE_EXAMPLES = ["new pipeline voice-gate"]

Name = Annotated[str, typer.Argument(metavar="NAME", help="For example clamp, or ClampNode.")]
Folder = Annotated[
    Path | None, typer.Argument(metavar="[DIR]", help="Where to; a folder called NAME if left out.")
]


def node(name: Name, folder: Folder = None, *, as_json: Json = False) -> int:
    """Start a project with a node of your own.

    It holds a node, a manifest that uses it, a test that passes, and a README with the commands.
    In a folder that has a manifest only the node and its test are added. Nothing is overwritten.
    """
    names = names_of(name)
    if names.type in BUILT_IN_NAMES:
        message = f"{names.type} is a built-in node: choose another name"
        raise JsonFormError(message)
    target = folder or Path(names.folder)
    if (target / "manifest.json").exists():
        return _write(target, node_files(names), as_json=as_json)
    return _write(target, files_of("node", names), as_json=as_json)


def pipeline(name: Name, folder: Folder = None, *, as_json: Json = False) -> int:
    """Start a project with a pipeline of built-in nodes.

    It holds a manifest, a test that passes, and a README with the commands. Nothing is overwritten.
    """
    names = names_of(name)
    return _write(folder or Path(names.folder), files_of("pipeline", names), as_json=as_json)


def _write(target: Path, files: dict[str, str], *, as_json: bool) -> int:
    write_new(target, files)
    if as_json:
        print_json({"folder": str(target), "files": [*files]})
        return 0
    for name in files:
        print(target / name)
    return 0
