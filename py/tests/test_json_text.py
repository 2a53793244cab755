import json

import pytest

from remotemedia._json_text import MOST_NESTING, parse_json


def nested(levels, inner="1"):
    return "[" * levels + inner + "]" * levels


def test_json_is_read():
    value = {"a": [1, 2.5, None, "[{", "😀"], "b": [{"c": []}] * 1000}
    assert parse_json(json.dumps(value)) == value


def test_the_most_nesting():
    value = parse_json(nested(MOST_NESTING))
    for _ in range(MOST_NESTING):
        (value,) = value
    assert value == 1


@pytest.mark.parametrize(
    "text",
    [
        nested(MOST_NESTING + 1),
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" * 1000 + "]" * 999,
        nested(100_000),
        "[" * 401 + '"' + '\\"' * 300_000 + "\\",
    ],
)
def test_absurd_nesting_is_refused(text):
    with pytest.raises(ValueError, match="nested deeper"):
        parse_json(text)


def test_brackets_in_strings_are_no_nesting():
    text = "[{" * 1000 + '"\\"'
    assert parse_json(json.dumps([text, [text]])) == [text, [text]]


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity", "", "{", "[1] 2", "\ud800"])
def test_what_is_no_json(text):
    with pytest.raises(ValueError):  # noqa: PT011
        parse_json(text)
