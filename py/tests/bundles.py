"""The example bundles, and whether they give what their READMEs say."""

import json
import re

from vectors import ROOT, difference

from remotemedia import Pipeline
from remotemedia._json_form import from_json_form
from remotemedia._package import pack
from remotemedia._registry import Registry

BUNDLES = ROOT / "packages" / "pipelines"
NAMES = sorted(path.parent.name for path in BUNDLES.glob("*/manifest.json"))
EXAMPLE = re.compile(
    r"```json input\n(.*?)```\s*```json output(?: tolerance=(.+?))?\n(.*?)```", re.DOTALL
)


def manifest(name):
    return json.loads((BUNDLES / name / "manifest.json").read_text(encoding="utf-8"))


def runs_in_python(name):
    known = {entry["type"] for entry in Registry().catalog()}
    return all(node["node_type"] in known for node in manifest(name)["nodes"])


IN_PYTHON = [name for name in NAMES if runs_in_python(name)]
"""Those that need no Rust."""


def check_readme(name, runtime_hint):
    """Run the examples of a bundle's README; `@file` stands for the file, read from its folder."""
    readme = (BUNDLES / name / "README.md").read_text(encoding="utf-8")
    examples = EXAMPLE.findall(readme)
    assert examples, f"{name}/README.md shows no input and output"
    assert len(examples) == readme.count("```json input")
    pipeline = Pipeline.from_package(
        pack(BUNDLES / name / "manifest.json"), runtime_hint=runtime_hint, trust=True
    )
    for given, tolerance, expected in examples:
        outputs = pipeline.run_sync(items(name, given.strip()))
        assert (
            difference(json_form(name, expected.strip()), outputs, float(tolerance or 1e-6)) is None
        )


def items(name, text):
    return [(BUNDLES / name / text[1:]).read_bytes()] if text[0] == "@" else json_form(name, text)


def json_form(name, text):
    if text[0] == "@":
        text = (BUNDLES / name / text[1:]).read_text(encoding="utf-8")
    return from_json_form(json.loads(text))
