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


def test_near_misses():
    catalog = Catalog({"python": [entry("MultiplyNode"), entry("AddNode", "Add")]})
    assert catalog.near("multiplynod") == ["MultiplyNode"]
    assert catalog.near("Xyzzy") == []
