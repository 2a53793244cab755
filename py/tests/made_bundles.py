"""Bundles, wheels and folders of sources, built from readable parts."""

import hashlib
import json

from segments import chain

from remotemedia._zip import write_zip

CLAMP = '''
from remotemedia import Node, Param


class ClampNode(Node, aliases=["Clamp"]):
    """Keeps numbers in a range."""

    low: float = Param(0.0, doc="Lowest.")
    high: float = Param(1.0, doc="Highest.")

    def process(self, item):
        return min(max(item, self.low), self.high)
'''

CLAMP_ENTRY = {
    "type": "ClampNode",
    "module": "nodes.clamp",
    "aliases": ["Clamp"],
    "summary": "Keeps numbers in a range.",
    "category": "custom",
    "params": {
        "type": "object",
        "additionalProperties": False,
        "required": [],
        "properties": {
            "low": {"type": "number", "default": 0.0, "description": "Lowest."},
            "high": {"type": "number", "default": 1.0, "description": "Highest."},
        },
    },
    "inputs": {"in": {"kinds": ["any"]}},
    "outputs": {"out": {"kinds": ["any"]}},
    "runtime": "python",
    "stateful": False,
    "requires": [],
}


def as_bytes(content):
    if isinstance(content, dict):
        return json.dumps(content).encode()
    return content.encode() if isinstance(content, str) else content


def manifest(*nodes, **runtime):
    made = chain([*nodes] or [("ClampNode", {"high": 10.0})])
    return made | ({"runtime": runtime} if runtime else {})


def files_of(files):
    return {name: as_bytes(content) for name, content in files.items()}


def with_integrity(files):
    files = files_of(files)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    integrity = {"algorithm": "sha256", "entries": hashes}
    return files | {"integrity.json": as_bytes(integrity)}


def catalog(*python, **rust):
    places = {"python": [*python]} if python else {}
    return {"version": 1, "places": places | {f"rust:{name}": e for name, e in rust.items()}}


def clamp_bundle(more=None, **runtime):
    """A bundle with one node of its own; `more` replaces files, or takes them away (None)."""
    files = {
        "manifest.json": manifest(**runtime),
        "nodes/clamp.py": CLAMP,
        "catalog.json": catalog(CLAMP_ENTRY),
        **(more or {}),
    }
    return write_zip(with_integrity({k: v for k, v in files.items() if v is not None}))


def wheel(name, version, files, *, requires=(), python=None, pure="true", tag="py3-none-any"):
    """A wheel: its file name and bytes."""
    info = f"{name}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {each}" for each in requires]
    metadata += [f"Requires-Python: {python}"] if python else []
    content = {
        **files,
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: {pure}\nTag: {tag}\n",
        f"{info}/RECORD": "".join(f"{path},,\n" for path in files),
    }
    return f"{name}-{version}-{tag}.whl", write_zip(files_of(content))


def write(folder, files):
    """Write sources; returns the folder."""
    for name, content in files_of(files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def sources(folder, files=None):
    """A folder with the sources of `clamp_bundle`."""
    return write(folder, {"manifest.json": manifest(), "nodes/clamp.py": CLAMP, **(files or {})})
