import pytest

from remotemedia._params import check_params, check_value

SCHEMA = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "factor": {"type": "number", "default": 2.0, "aliases": ["multiplier"]},
        "count": {"type": "integer", "minimum": 0, "exclusiveMaximum": 10},
        "name": {"type": "string", "enum": ["a", "b"]},
        "ports": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    },
}


def codes(params):
    return [(issue.code, issue.path) for issue in check_params(SCHEMA, params, "$.params")[1]]


def test_defaults_and_aliases():
    assert check_params(SCHEMA, {"name": "a"}, "$")[0] == {"factor": 2.0, "name": "a"}
    complete, issues = check_params(SCHEMA, {"multiplier": 3, "name": "a"}, "$")
    assert (complete, issues) == ({"factor": 3, "name": "a"}, [])


def test_everything_wrong_is_told_at_once():
    given = {"factor": "2", "count": -1, "ports": ["a", 1], "the rate": 1}
    assert codes(given) == [
        ("bad_param", "$.params.factor"),
        ("bad_param", "$.params.count"),
        ("bad_param", "$.params.ports[1]"),
        ("unknown_param", '$.params["the rate"]'),
        ("missing_field", "$.params.name"),
    ]


def test_a_param_and_its_alias_contradict_each_other():
    assert codes({"name": "a", "factor": 1, "multiplier": 2}) == [
        ("bad_param", "$.params.multiplier")
    ]


@pytest.mark.parametrize("value", [0, 9, 9.0])
def test_inside_the_range(value):
    checked, issues = check_value(SCHEMA["properties"]["count"], value, "$")
    assert issues == []
    assert type(checked) is int


@pytest.mark.parametrize("value", [-1, 10, 9.5, True, None, "1"])
def test_outside_the_range(value):
    assert check_value(SCHEMA["properties"]["count"], value, "$")[1]


def test_too_few_items():
    assert codes({"name": "a", "ports": []}) == [("bad_param", "$.params.ports")]


@pytest.mark.parametrize("value", [2.0**53, 1e300, 2**63])
def test_integers_are_exact(value):
    schema = {"properties": {"n": {"type": "integer"}}}
    _, issues = check_params(schema, {"n": value}, "$")
    assert [issue.code for issue in issues] == ["bad_param"]


@pytest.mark.parametrize(
    ("values", "wrong"),
    [([1, True, "1", None], []), ([1, 2, 1.0], [2]), ([[1], [1.0]], [1]), ([[1], [True]], []),
     ([{"a": 1, "b": 2}, {"b": 2, "a": 1}], [1]), ([0, False, -0.0], [2]), ([[], {}, ""], [])],
)  # fmt: skip
def test_equal_items(values, wrong):
    _, issues = check_value({"type": "array", "uniqueItems": True}, values, "$")
    assert [issue.path for issue in issues] == [f"$[{i}]" for i in wrong]


@pytest.mark.parametrize(
    ("text", "fits"),
    [("a-Z_9", True), ("", False), ("a b", False), ("a\n", False), ("ä", False), ("^a", False)],
)
def test_a_pattern_is_of_the_whole_text(text, fits):
    _, issues = check_value({"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}, text, "$")
    assert (issues == []) is fits


def test_of_several_aliases_the_first_counts():
    schema = {"properties": {"n": {"type": "integer", "aliases": ["b", "a", "c"]}}}
    complete, issues = check_params(schema, {"c": 1, "b": 2, "a": 3}, "$")
    assert complete == {"n": 3}
    assert [issue.path for issue in issues] == ["$.c", "$.b"]
