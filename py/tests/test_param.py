from typing import Literal

import pytest

from remotemedia._param import Param, schema_of


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (float, {"type": "number"}),
        (int, {"type": "integer"}),
        (str, {"type": "string"}),
        (bool, {"type": "boolean"}),
        (dict, {"type": "object"}),
        (dict[str, int], {"type": "object"}),
        (list, {"type": "array"}),
        (list[str], {"type": "array", "items": {"type": "string"}}),
        (int | None, {"type": "integer"}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (list[Literal[1, 2]], {"type": "array", "items": {"type": "integer", "enum": [1, 2]}}),
    ],
)
def test_annotations_become_schemas(annotation, schema):
    assert schema_of(annotation) == schema


@pytest.mark.parametrize("annotation", [complex, int | str, Literal["a", 1], object])
def test_other_annotations_are_refused(annotation):
    with pytest.raises(TypeError, match="cannot have the type"):
        schema_of(annotation)


def test_rules_for_lists_and_text():
    ports = Param(min_items=1, unique=True, pattern="^[a-z]+$")
    ports.annotation = list[str]
    items = {"type": "string", "pattern": "^[a-z]+$"}
    expected = {"type": "array", "items": items, "minItems": 1, "uniqueItems": True}
    assert ports.schema() == expected
    word = Param("a", pattern="^[a-z]+$")
    word.annotation = str
    assert word.schema() == {"type": "string", "default": "a", "pattern": "^[a-z]+$"}


@pytest.mark.parametrize(
    "pattern", ["[a-z]+", "^a+$", "^[a-z]*$", "^[a-z]+[0-9]+$", "^[^a]+$", ".*"]
)
def test_patterns_are_one_class(pattern):
    with pytest.raises(ValueError, match="not of the form"):
        Param(pattern=pattern)
