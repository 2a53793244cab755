import json

import pytest
from vectors import difference, load, load_all

from remotemedia._json_form import JsonFormError, from_json_form, to_json_form

VALUES = {vector["name"]: vector["value"] for vector in load("values.json")}


@pytest.mark.parametrize("name", VALUES)
def test_values_survive(name):
    value = from_json_form(VALUES[name])
    again = from_json_form(json.loads(json.dumps(to_json_form(value), allow_nan=False)))
    assert difference(value, again) is None


def test_inputs_of_pipelines_can_be_read():
    for vector in load_all("pipelines").values():
        from_json_form(vector["input"])


def test_the_form_is_as_documented():
    assert to_json_form(b"\x00\xff") == {"$bytes": "AP8="}
    assert to_json_form(2**53) == {"$number": "9007199254740992"}
    assert to_json_form(-0.0) == {"$number": "-0.0"}
    assert to_json_form({"$a": 1}) == {"$map": {"$a": 1}}
    assert to_json_form({"$a": 1, "b": 2}) == {"$a": 1, "b": 2}


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ([{"$nothing": 1}], '$[0]["$nothing"]'),
        ({"a": {"$bytes": "!"}}, '$.a["$bytes"]'),
        ({"$bytes": 1}, '$["$bytes"]'),
        ({"$number": "1_0"}, '$["$number"]'),
        ({"$number": "0x10"}, '$["$number"]'),
        ({"$number": "9223372036854775808"}, '$["$number"]'),
        ({"$number": "1e999"}, '$["$number"]'),
        ({"$number": 1}, '$["$number"]'),
        ({"$map": 1}, '$["$map"]'),
        ({"$map": {"a": {"$x": 1}}}, '$["$map"].a["$x"]'),
        ({"$tensor": {"dtype": "f32", "shape": [2], "data": "AAAAAA=="}}, '$["$tensor"]'),
        ({"$tensor": {"dtype": "f16", "shape": [1], "data": "AAA="}}, '$["$tensor"]'),
        ({"$tensor": {"dtype": "u8", "shape": [-1, -1], "data": "AA=="}}, '$["$tensor"]'),
        ({"$tensor": []}, '$["$tensor"]'),
        ({"$audio": {"sample_rate": 0, "channels": 1, "data": "AAAAAA=="}}, '$["$audio"]'),
        ({"$audio": {"sample_rate": 8000, "channels": 2, "data": "AAAAAA=="}}, '$["$audio"]'),
        ({"$audio": {"sample_rate": 8000, "channels": 0, "data": "AAAAAA=="}}, '$["$audio"]'),
    ],
)
def test_what_is_no_form_is_refused_with_its_path(form, path):
    with pytest.raises(JsonFormError) as caught:
        from_json_form(form)
    assert caught.value.path == path


def test_nesting_has_a_limit():
    form = 0
    for _ in range(129):
        form = [form]
    from_json_form(form[0])
    with pytest.raises(JsonFormError, match="128"):
        from_json_form(form)
