"""Packing: what goes in, what is found out about nodes, and that the same sources give the same bytes."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import wasmtime
from archives import read_zip
from made_bundles import CLAMP, CLAMP_ENTRY, manifest, sources, wheel, write

import remotemedia
from remotemedia import Package, PackageError, Pipeline
from remotemedia._bundle_modules import EXPORTS
from remotemedia._package import manifest_in, pack

PACKAGE = Path(remotemedia.__file__).parents[1]
ROOT = PACKAGE.parent
GOLDEN = "ec8c6522fa4cebfbca832b3fc70a8ea834e083bab1bf266072a4e2dab473b619"
"""SHA-256 of the bundle of `every_kind`, on every Python."""


def every_kind(folder):
    """Sources with everything that packing has to do with, apart from modules and pip."""
    name, content = wheel(
        "clamping",
        "1.2",
        {
            "clamping/__init__.py": "",
            "clamping/own.py": CLAMP.replace("ClampNode", "OwnNode").replace('"Clamp"', '"Own"'),
            "clamping-1.2.dist-info/entry_points.txt": "[remotemedia.nodes]\nown = clamping.own\n",
        },
    )
    files = {
        "nodes/__init__.py": "",
        "nodes/b/__init__.py": "from ._base import Base\n\n\nclass InnerNode(Base):\n    '''Ünïcode.'''\n",
        "nodes/b/_base.py": (
            "from remotemedia import Node\n\n\nclass Base(Node):\n"
            "    def process(self, item):\n        return item\n"
        ),
        "nodes/functions.py": (
            "from remotemedia import node\n\n\n@node(type='ScaleNode')\n"
            "def scale(item: float, by: float = 2.5, often: int = 1):\n"
            "    '''Scales.\n\n    More of it.\n    '''\n    return item * by * often\n"
        ),
        "nodes/windows.py": "# line ends stay\r\n",
        f"wheels/{name}": content,
        "assets/größe.txt": "text\r\n",
        "models/deep/net.bin": bytes(range(256)),
        "README.md": "not packed",
        "requirements.txt": "# nothing\n\n",
    }
    return sources(folder, files)


def entries(bundle):
    return {entry["type"]: entry for entry in Package.load(bundle).places["python"]}


def refusal(folder):
    with pytest.raises(PackageError) as caught:
        pack(manifest_in(folder))
    return caught.value


def test_what_is_found_out(tmp_path):
    bundle = pack(manifest_in(every_kind(tmp_path)))
    found = entries(bundle)
    assert [*found] == ["ClampNode", "InnerNode", "OwnNode", "ScaleNode"]
    assert found["ClampNode"] == CLAMP_ENTRY
    assert found["InnerNode"]["module"] == "nodes.b"
    assert found["OwnNode"]["module"] == "clamping.own"
    assert found["ScaleNode"]["summary"] == "Scales."
    files = read_zip(bundle)
    assert files["nodes/windows.py"] == b"# line ends stay\r\n"
    assert files["assets/größe.txt"] == b"text\r\n"
    assert not {"README.md", "requirements.txt"} & {*files}


def test_nothing_stays_imported(tmp_path):
    before = {*sys.modules}, [*sys.path]
    pack(manifest_in(every_kind(tmp_path)))
    new = {*sys.modules} - before[0]
    assert not [name for name in new if name.startswith(("_remotemedia_bundle", "clamping"))]
    assert sys.path == before[1]
    assert not list(tmp_path.rglob("__pycache__"))


def test_the_packed_bundle_runs(tmp_path):
    bundle = pack(manifest_in(sources(tmp_path)))
    assert Pipeline.from_package(bundle, trust=True).run_sync([-1, 5, 50]) == [0.0, 5, 10.0]


def test_by_products_stay_out(tmp_path):
    plain = pack(manifest_in(sources(tmp_path / "plain")))
    more = {
        "nodes/__pycache__/clamp.cpython-313.pyc": "",
        "nodes/old.pyc": "",
        "nodes/tests/test_clamp.py": "1 / 0",
        "nodes/.hidden.py": "1 / 0",
        "assets/.DS_Store": "",
        "models/.git/config": "",
    }
    assert pack(manifest_in(sources(tmp_path / "more", more))) == plain


def test_a_module_that_cannot_be_imported(tmp_path):
    error = refusal(sources(tmp_path, {"nodes/clamp.py": "x = 1\n1 / 0\n"}))
    assert (error.code, error.path) == ("bad_node", "nodes/clamp.py")
    assert f'"{tmp_path / "nodes" / "clamp.py"}", line 2' in error.traceback


def test_types_that_are_taken(tmp_path):
    built_in = CLAMP.replace("ClampNode", "LogMelNode")
    error = refusal(sources(tmp_path / "a", {"nodes/mel.py": built_in}))
    assert error.code == "bad_catalog"
    assert "LogMelNode is built in" in error.message
    error = refusal(sources(tmp_path / "b", {"nodes/twin.py": CLAMP}))
    assert error.code == "bad_catalog"
    assert "nodes.twin: ClampNode is there twice" in error.message


def test_what_loading_would_refuse_is_refused(tmp_path):
    names = {"assets/a.txt": "", "assets/A.txt": ""}
    assert refusal(sources(tmp_path / "case", names)).code == "duplicate_name"
    files = {"manifest.json": manifest(capabilities={"network": ["*"]})}
    assert refusal(sources(tmp_path / "origin", files)).code == "bad_capability"
    assert refusal(sources(tmp_path / "wasm", {"modules/a.wasm": "no"})).code == "invalid_wasm"


def test_links(tmp_path):
    folder = sources(tmp_path / "in", {"assets/a.txt": "a"})
    (folder / "assets" / "b.txt").symlink_to("a.txt")
    assert read_zip(pack(manifest_in(folder)))["assets/b.txt"] == b"a"
    write(tmp_path, {"secret": "s"})
    (folder / "assets" / "c.txt").symlink_to("../../secret")
    error = refusal(folder)
    assert (error.code, error.path) == ("symlink", "assets/c.txt")


# --- reproducible --------------------------------------------------------------------------------


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_the_golden_bundle(tmp_path):
    assert sha256(pack(manifest_in(every_kind(tmp_path)))) == GOLDEN


def other_pythons():
    """Return interpreters of other versions than this one that can be found."""
    found = {}
    versions = [f"3.{minor}" for minor in range(11, 20) if minor != sys.version_info.minor]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for version in versions:
        candidates = sorted(pyenv.glob(f"{version}.*/bin/python"))
        candidates += [path for path in [shutil.which(f"python{version}")] if path]
        for path in candidates:
            asked = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
            done = subprocess.run(asked, capture_output=True, text=True, check=False)
            if done.stdout.strip() == version:
                found[version] = str(path)
                break
    return found


PACK = """
import hashlib, sys
from pathlib import Path
from remotemedia._package import pack
print(hashlib.sha256(pack(Path(sys.argv[1]) / "manifest.json")).hexdigest())
"""


def test_other_versions_of_python_give_the_same_bytes(tmp_path):
    pythons = other_pythons()
    if not pythons:
        # The golden hash compares with them all the same; CI must have a second version.
        assert "CI" not in os.environ, "there is no second version of Python"
        pytest.skip("there is no second version of Python")
    folder = every_kind(tmp_path)
    for version, python in pythons.items():
        done = subprocess.run(
            [python, "-c", PACK, str(folder)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(PACKAGE), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert done.stdout.strip() == GOLDEN, (version, done.stderr)


def test_other_folders_and_orders_give_the_same_bytes(tmp_path):
    first = pack(manifest_in(every_kind(tmp_path / "one")))
    folder = every_kind(tmp_path / "two/deeper")
    for path in folder.rglob("*"):
        os.utime(path, (1, 1))
    assert pack(manifest_in(folder)) == first
    written = json.loads(read_zip(first)["integrity.json"])["entries"]
    assert [*written] == sorted(written)


# --- Rust modules -----------------------------------------------------------------------------------

MODULE = ROOT / "dist" / "wasm" / "test-module.wasm"


def test_modules_are_asked_for_their_nodes(tmp_path):
    files = {"modules/test-module.wasm": MODULE.read_bytes(), "assets/a.txt": "a"}
    package = Package.load(pack(manifest_in(sources(tmp_path, files))))
    types = [entry["type"] for entry in package.places["rust:test-module"]]
    assert "FileNode" in types
    assert types == sorted(types)
    assert {entry["runtime"] for entry in package.places["rust:test-module"]} == {"rust"}
    assert package.modules == {"test-module": files["modules/test-module.wasm"]}


def test_a_module_that_does_not_answer(tmp_path):
    functions = "".join(
        f'(func (export "{name}") (result i32) unreachable)' for name in EXPORTS if name[-1] != "e"
    )
    voids = "".join(f'(func (export "{name}") unreachable)' for name in EXPORTS if name[-1] == "e")
    content = wasmtime.wat2wasm(f'(module (memory (export "memory") 1) {functions} {voids})')
    error = refusal(sources(tmp_path, {"modules/mute.wasm": bytes(content)}))
    assert (error.code, error.path) == ("bad_node", "modules/mute.wasm")


TYPO = """
from remotemedia import Node

class TypoNode(Node):
    def proces(self, item):
        return item

class Base(Node):
    pass

class _Hidden(Node):
    pass

class FineNode(Base):
    def process(self, item):
        return item
"""


def test_what_looks_like_a_node_but_is_none_is_told(tmp_path):
    folder = sources(tmp_path / "a", {"nodes/typo.py": TYPO})
    with pytest.warns(UserWarning, match="TypoNode, which has no method `process") as caught:
        pack(manifest_in(folder))
    assert len(caught) == 1
    folder = sources(tmp_path / "b", {"nodes/soft-clip.py": TYPO})
    with pytest.warns(UserWarning, match="nodes/soft-clip.py, which is no name of a Python module"):
        pack(manifest_in(folder))


def test_an_entry_point_may_name_an_object_of_its_module(tmp_path):
    point = "[remotemedia.nodes]\nown = a.own:OwnNode\n"
    code = CLAMP.replace("ClampNode", "OwnNode").replace('"Clamp"', '"Own"')
    files = {"a/__init__.py": "", "a/own.py": code, "a-1.dist-info/entry_points.txt": point}
    name, content = wheel("a", "1", files)
    package = Package.load(pack(manifest_in(sources(tmp_path, {f"wheels/{name}": content}))))
    assert [entry["module"] for entry in package.places["python"]] == ["nodes.clamp", "a.own"]


def test_wheels_whose_entry_points_cannot_be_read(tmp_path):
    points = "a-1.dist-info/entry_points.txt"
    for wrong in (b"no section", b"\xff"):
        name, content = wheel("a", "1", {points: wrong})
        error = refusal(sources(tmp_path, {f"wheels/{name}": content}))
        assert (error.code, error.path) == ("bad_wheel", f"wheels/{name}")
