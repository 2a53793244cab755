import pytest

from remotemedia import RemoteMediaError
from remotemedia._catalog import Catalog


def entry(name, *aliases):
    return {"type": name, "aliases": list(aliases)}


def test_the_preferred_runtime_comes_first():
    catalog = Catalog(
        {
            "js:page": [entry("A")],
            "python": [entry("A", "Alias"), entry("B")],
            "rust:runtime": [entry("A", "Alias")],
        }
    )
    assert catalog.runtimes("A") == ["rust", "python", "js"]
    assert catalog.runtimes("Alias") == ["rust", "python"]
    assert catalog.runtimes("B") == ["python"]
    assert catalog.runtimes("C") == []
    assert catalog.find("C") is None
    assert catalog.find("B", "rust") is catalog.find("B", "python")


def test_modules_of_a_bundle_come_behind_the_runtime_and_before_python():
    def summary(*places):
        return Catalog({place: [{"type": "A", "summary": place}] for place in places}).find("A")[
            "summary"
        ]

    assert summary("python", "rust:b", "rust:a") == "rust:a"
    assert summary("python", "rust:b", "rust:runtime") == "rust:runtime"


@pytest.mark.parametrize("place", ["rust", "rust:", "rust:A", "rust:-a", "rust:a/b", "lua", "js"])
def test_an_unknown_place(place):
    with pytest.raises(RemoteMediaError, match="unknown place"):
        Catalog({place: []})


@pytest.mark.parametrize(
    "catalog",
    [
        None,
        {"type": "A"},
        [None],
        [["A"]],
        [{}],
        [{"type": 1}],
        [{"type": "__In"}],
        [{"type": "A", "aliases": "B"}],
        [{"type": "A", "aliases": [1]}],
        [{"type": "A", "inputs": ["in"]}],
        [{"type": "A", "outputs": None}],
        [{"type": "A", "requires": [[]]}],
        *(
            [{"type": "A", "params": params}]
            for params in (
                [],
                {"properties": []},
                {"required": [None]},
                {"additionalProperties": {}},
                {"properties": {"p": None}},
                {"properties": {"p": {"type": "any"}}},
                {"properties": {"p": {"type": ["number"]}}},
                {"properties": {"p": {"minimum": "1"}}},
                {"properties": {"p": {"minItems": 0.5}}},
                {"properties": {"p": {"enum": "ab"}}},
                {"properties": {"p": {"aliases": {}}}},
                {"properties": {"p": {"items": []}}},
                {"properties": {"p": {"pattern": "^(a+)+$"}}},
                {"properties": {"p": {"pattern": "^[(]+$"}}},
            )
        ),
    ],
)
def test_a_catalog_that_is_none(catalog):
    with pytest.raises(RemoteMediaError) as caught:
        Catalog({"rust:odd": catalog})
    assert caught.value.code == "bad_request"


def test_near_misses():
    catalog = Catalog({"python": [entry("MultiplyNode"), entry("AddNode", "Add")]})
    assert catalog.near("multiplynod") == ["MultiplyNode"]
    assert catalog.near("Xyzzy") == []
