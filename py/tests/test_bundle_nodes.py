"""Custom Python nodes: found by the catalog, imported under a name of the bundle's own."""

import sys
from pathlib import Path

import pytest
from made_bundles import CLAMP, CLAMP_ENTRY, wheel, write

from remotemedia import RuntimeLoadError
from remotemedia._bundle_cache import remove
from remotemedia._bundle_files import bundle_path
from remotemedia._bundle_nodes import BundleNodes
from remotemedia._hosts.bundle_files import settle

SCALE = '''
"""Scales."""
from remotemedia import Node

from . import _factor


class ScaleNode(Node):
    """Scales numbers."""

    def process(self, item):
        return item * _factor.VALUE
'''


@pytest.fixture
def nodes(tmp_path):
    """Make nodes of files; what was imported is forgotten at the end."""
    made = []

    def make(files, *entries, bundle_id="0123456789abcdef0000", folder="bundle"):
        root = write(tmp_path / folder, files)
        found = BundleNodes(str(root), bundle_id, entries)
        made.append(found)
        return found

    yield make
    for found in made:
        found._importer.forget()


def entry(**changes):
    return CLAMP_ENTRY | changes


def scale(**changes):
    empty = {"type": "object", "additionalProperties": False, "required": [], "properties": {}}
    told = {"type": "ScaleNode", "module": "nodes.scale", "summary": "Scales numbers."}
    return entry(aliases=[], params=empty, **told, **changes)


def test_a_class_is_found_by_type_and_alias(nodes):
    found = nodes({"nodes/clamp.py": CLAMP}, CLAMP_ENTRY)
    before = {*sys.modules}
    assert found.find("Other") is None
    assert {*sys.modules} == before
    cls = found.find("Clamp")
    assert cls is found.find("ClampNode")
    assert cls(high=3.0).process(5) == 3.0
    assert cls.__module__ == "_remotemedia_bundle_0123456789abcdef.nodes.clamp"


def test_relative_imports_and_two_bundles(nodes):
    def files(value):
        return {"nodes/scale.py": SCALE, "nodes/_factor.py": f"VALUE = {value}"}

    two = nodes(files(2), scale(), bundle_id="2" * 64, folder="two").find("ScaleNode")
    three = nodes(files(3), scale(), bundle_id="3" * 64, folder="three").find("ScaleNode")
    assert (two().process(10), three().process(10)) == (20, 30)


def test_nothing_is_written_beside_the_sources(nodes, tmp_path):
    nodes({"nodes/clamp.py": CLAMP}, CLAMP_ENTRY).find("ClampNode")
    assert [path.name for path in tmp_path.rglob("*")] == ["bundle", "nodes", "clamp.py"]


@pytest.mark.parametrize(
    "changes",
    [
        {"summary": "Something else."},
        {"params": {"type": "object", "properties": {}}},
        {"aliases": []},
        {"requires": ["numpy"]},
        {"stateful": True},
    ],
)
def test_a_class_that_the_catalog_tells_differently(nodes, changes):
    found = nodes({"nodes/clamp.py": CLAMP}, entry(**changes))
    with pytest.raises(RuntimeLoadError, match=next(iter(changes))) as caught:
        found.find("ClampNode")
    assert (caught.value.code, caught.value.node_type) == ("catalog_mismatch", "ClampNode")


def test_a_class_that_is_not_there(nodes):
    found = nodes({"nodes/clamp.py": "from remotemedia import Node"}, CLAMP_ENTRY)
    with pytest.raises(RuntimeLoadError) as caught:
        found.find("ClampNode")
    assert caught.value.code == "catalog_mismatch"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import no_such_module_at_all", "no_such_module_at_all"),
        ("raise SystemExit(3)", "SystemExit"),
        ("def wrong(:", "SyntaxError"),
    ],
)
def test_a_module_that_cannot_be_imported(nodes, source, said):
    found = nodes({"nodes/clamp.py": f"\n\n{source}\n"}, CLAMP_ENTRY)
    with pytest.raises(RuntimeLoadError, match=said) as caught:
        found.find("ClampNode")
    assert str(Path("nodes", "clamp.py")) in caught.value.traceback
    assert "line 3" in caught.value.traceback
    assert "importlib" not in caught.value.traceback
    assert caught.value.node_type == "ClampNode"


def test_modules_of_wheels(nodes):
    files = {"site/clamping_w/__init__.py": "", "site/clamping_w/own.py": CLAMP}
    cls = nodes(files, entry(module="clamping_w.own")).find("ClampNode")
    assert cls.__module__ == "clamping_w.own"
    assert sys.path[-1].endswith("site")


def test_a_module_that_the_process_has_already(nodes):
    files = {"site/json/__init__.py": CLAMP}
    found = nodes(files, entry(module="json"))
    with pytest.raises(RuntimeLoadError, match="another one") as caught:
        found.find("ClampNode")
    assert caught.value.code == "module_taken"


def test_the_files_that_a_node_reads(nodes):
    files = {"nodes/clamp.py": CLAMP, "models/a/net.bin": b"12", "assets/x.txt": "y"}
    instance = nodes(files, CLAMP_ENTRY).find("ClampNode")()
    assert instance.bundle_file("models/a/net.bin").read_bytes() == b"12"
    assert instance.bundle_file("assets/../assets/x.txt").read_text() == "y"
    for name in ("nodes/clamp.py", "../x", "models/../nodes/clamp.py", "/etc/passwd", "", "a\\b"):
        with pytest.raises(PermissionError, match="ClampNode can read"):
            instance.bundle_file(name)


def test_a_node_outside_of_a_bundle():
    with pytest.raises(FileNotFoundError, match="in no bundle"):
        bundle_path(None, "models/a", "ClampNode")


def test_in_pyodide_too_only_code_that_can_be_read_stays(tmp_path):
    _, content = wheel("b", "1", {"b.py": "B = 1\n", "__pycache__/b.cpython-314.pyc": b"other"})
    write(
        tmp_path,
        {
            "nodes/a.py": "A = 1\n",
            "nodes/__pycache__/a.cpython-314.pyc": b"other code",
            "nodes/a.so": b"other code",
            "models/net.so": b"a model of that name",
            "wheels/b-1-py3-none-any.whl": content,
        },
    )
    settle(str(tmp_path))
    found = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert {name for name in found if name.endswith((".pyc", ".so"))} == {"models/net.so"}
    assert {"nodes/a.py", "site/b.py"} <= found
    remove(tmp_path)
