"""What `catalog.json` may be, and the wheels and modules that it names."""

import json

import pytest
from made_bundles import CLAMP_ENTRY, catalog, clamp_bundle, wheel

from remotemedia import Package, PackageError


def refusal(data):
    with pytest.raises(PackageError) as caught:
        Package.load(data)
    return caught.value.code, caught.value.path


def test_a_bundle_with_a_node():
    package = Package.load(clamp_bundle())
    assert package.places == {"python": [CLAMP_ENTRY]}
    assert package.catalog == {"version": 1, "places": package.places}
    assert package.has_python
    assert package.modules == {}


def test_no_catalog():
    assert refusal(clamp_bundle({"catalog.json": None})) == ("missing_catalog", "catalog.json")
    assert Package.load(clamp_bundle({"catalog.json": None, "nodes/clamp.py": None})).places == {}


def entry(**changes):
    changed = CLAMP_ENTRY | changes
    return {key: value for key, value in changed.items() if value is not None}


@pytest.mark.parametrize(
    "wrong",
    [
        "[]",
        "{",
        {"version": 2, "places": {}},
        {"version": True, "places": {}},
        {"version": 1, "places": []},
        {"version": 1, "places": {"js:page": []}},
        {"version": 1, "places": {"rust:none": []}},
        {"version": 1, "places": {"python": {}}},
        {"version": 1, "places": {"python": [[]]}},
        catalog(entry(type="")),
        catalog(entry(type=None)),
        catalog(entry(runtime="rust")),
        catalog(entry(params=None)),
        catalog(entry(aliases="Clamp")),
        catalog(entry(requires=[1])),
        catalog(entry(inputs={"in": None})),
        catalog(entry(outputs={"out": {"kinds": "any"}})),
        catalog(entry(type="MultiplyNode")),
        catalog(entry(aliases=["Echo"])),
        catalog(entry(type="LogMelNode")),
        catalog(entry(), entry()),
        catalog(entry(), entry(type="Other", aliases=["ClampNode"])),
        catalog(entry(module=None)),
        catalog(entry(module="nodes/clamp")),
        catalog(entry(module="nodes.missing")),
        catalog(entry(module="nodes")),
        catalog(entry(module="os")),
        catalog(entry(module="..nodes.clamp")),
    ],
    ids=lambda wrong: json.dumps(wrong)[:60],
)
def test_bad_catalogs(wrong):
    assert refusal(clamp_bundle({"catalog.json": wrong})) == ("bad_catalog", "catalog.json")


def test_a_file_in_modules_that_is_none():
    assert refusal(clamp_bundle({"modules/README": "text"}))[0] == "bad_catalog"


def test_nodes_of_wheels():
    name, content = wheel("clamping", "1.0", {"clamping/__init__.py": "", "clamping/nodes.py": ""})
    files = {f"wheels/{name}": content, "nodes/clamp.py": None}
    for module in ("clamping", "clamping.nodes"):
        package = Package.load(
            clamp_bundle(files | {"catalog.json": catalog(entry(module=module))})
        )
        assert package.has_python
    wrong = catalog(entry(module="clamping.other"))
    assert refusal(clamp_bundle(files | {"catalog.json": wrong}))[0] == "bad_catalog"


BAD_WHEELS = {
    "a compiled one": wheel("a", "1", {"a.so": "x"}),
    "one that says so": wheel("a", "1", {}, pure="false"),
    "of one platform": wheel("a", "1", {}, tag="py3-none-linux_x86_64"),
    "no archive": ("a-1-py3-none-any.whl", b"PK"),
    "without WHEEL": ("a-1-py3-none-any.whl", clamp_bundle()),
    "another name": ("a.whl", wheel("a", "1", {})[1]),
    "a folder": ("sub/a-1-py3-none-any.whl", wheel("a", "1", {})[1]),
}


@pytest.mark.parametrize("name", BAD_WHEELS)
def test_bad_wheels(name):
    file, content = BAD_WHEELS[name]
    assert refusal(clamp_bundle({f"wheels/{file}": content})) == ("bad_wheel", f"wheels/{file}")
