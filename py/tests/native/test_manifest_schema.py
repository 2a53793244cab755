"""The published JSON Schema accepts what validation accepts, and refuses what it can see is wrong."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from vectors import load_all

from remotemedia._manifest_schema import manifest_schema, params_schema

FILE = Path(__file__).parents[3] / "schema/manifest.schema.json"
SCHEMA = json.loads(FILE.read_text(encoding="utf-8"))


def ends_there(validator, pattern, value, schema):
    """Check `pattern` as ECMAScript does: unlike Python's, its `$` is not before a last line break."""
    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value):
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": ends_there})
VALIDATOR = Validator(SCHEMA)
VECTORS = load_all("manifests")
STRUCTURAL = {"wrong_type", "missing_field", "no_nodes", "bad_id", "bad_param", "unknown_param",
              "bad_value", "wrong_target"}  # fmt: skip
"""Codes of what stands in one place of the manifest, whatever nodes there are."""


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("folder", ["manifests", "pipelines", "plans", "conformance"])
def test_valid_manifests_are_accepted(folder):
    vectors = [vector for vector in load_all(folder).values() if not errors_of(vector)]
    for vector in vectors:
        found = [*VALIDATOR.iter_errors(vector["manifest"])]
        assert not found, (vector["name"], [error.message for error in found])
    assert len(vectors) > 4


def errors_of(vector):
    """Return the errors that a vector expects of validation."""
    if vector.get("error", {}).get("name") == "ManifestError":
        return vector["error"]
    return [issue for issue in vector.get("issues", ()) if issue["severity"] == "error"]


def structural_errors():
    for name, vector in VECTORS.items():
        for issue in errors_of(vector):
            if issue["code"] in STRUCTURAL and "catalog" not in vector:
                yield pytest.param(vector["manifest"], issue["path"], id=f"{name} {issue['path']}")


@pytest.mark.parametrize(("manifest", "path"), [*structural_errors()])
def test_errors_in_one_place_are_found_there(manifest, path):
    found = list(leaves(VALIDATOR.iter_errors(manifest)))
    places = [error.json_path for error in found]
    # What is missing or too much is an error of the object.
    owner = path.rpartition("[" if path.endswith("]") else ".")[0]
    assert path in places or owner in places, places


def leaves(errors):
    for error in errors:
        yield error
        yield from leaves(error.context or ())


def entry(properties, required=()):
    return {"type": "A", "aliases": [], "summary": "", "params": {"properties": properties,
            "required": list(required)}}  # fmt: skip


@pytest.mark.parametrize(
    ("params", "right"),
    [({"name": 1}, True), ({"alias": 1}, True), ({"other": 1}, True), ({}, False),
     ({"name": 1, "alias": 1}, False), ({"alias": 1, "other": 1}, False), ({"name": 2**63}, False),
     ({"name": 1.0}, True), ({"name": 1.5}, False), ({"nope": 1}, False)],
)  # fmt: skip
def test_a_required_param_with_other_words(params, right):
    schema = params_schema(
        entry({"name": {"type": "integer", "aliases": ["alias", "other"]}}, ["name"])
    )
    assert jsonschema.Draft202012Validator(schema).is_valid(params) is right


def test_ours_are_not_in_it():
    param = {"type": "number", "unit": "ms", "description": "How long."}
    schema = manifest_schema([entry({"unit": param, "code": {"type": "string"}})])
    assert schema["$defs"]["A"]["properties"] == {
        "unit": {"type": "number", "description": "How long. In ms."},
        "code": {"type": "string"},
    }
    assert "code" not in schema["$defs"]["node"]["properties"]["id"]


def test_params_of_other_types_are_free():
    node = {"id": "a", "node_type": "ClampNode", "params": {"any": [1]}}
    assert VALIDATOR.is_valid({"version": "v1", "nodes": [node]})
    assert not VALIDATOR.is_valid({"version": "v1", "nodes": [node | {"node_type": "EchoNode"}]})
