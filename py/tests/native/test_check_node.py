"""`check_node(..., runtimes=["pyodide"])`: the same contract in Pyodide, and what it says without it."""

import asyncio
import shutil
import subprocess
import sys

import pytest
from vectors import ROOT

from remotemedia import Node, NodeError, RuntimeLoadError, node
from remotemedia.nodes import AddNode, VADNode
from remotemedia.testing import ContractError, check_node
from remotemedia.testing._pyodide import source_of

FILES = ROOT / "dist" / "remotemedia" / "pyodide"

SOURCE = """
import sys
from remotemedia import Node, Out, Param

class HostNode(Node, requires=["numpy>=2"]):
    '''Tells where it runs, and gives an array.'''

    outputs = {"out": ("any",), "array": ("tensor",)}
    size: int = Param(2)

    def process(self, item):
        import numpy as np

        if item == "fail":
            raise KeyError(item)
        yield sys.platform
        yield Out("array", np.zeros(self.size, np.float32))

class ShareNode(Node):
    '''Counts wrongly, but only in Pyodide.'''

    SEEN = []

    def process(self, item):
        if sys.platform == "emscripten":
            self.SEEN.append(item)
        return len(self.SEEN)

class NeedyNode(Node, requires=["no-such-package"]):
    '''Needs what is not there.'''

    def process(self, item):
        return item

class NewerNode(Node, requires=["numpy>=99"]):
    '''Needs what is not there yet.'''

    def process(self, item):
        return item
"""


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "mynodes").mkdir()
    (folder / "mynodes" / "__init__.py").write_text("")
    (folder / "mynodes" / "host.py").write_text(SOURCE)
    sys.path.insert(0, str(folder))
    try:
        import mynodes.host

        yield mynodes.host
    finally:
        sys.path.remove(str(folder))


@pytest.fixture(autouse=True)
def _files(monkeypatch):
    monkeypatch.setenv("REMOTEMEDIA_PYODIDE", str(FILES))


def test_a_node_with_numpy(nodes):
    import numpy as np

    expected = {"out": ["emscripten"], "array": [np.zeros(3, np.float32)]}
    check_node(nodes.HostNode(size=3), inputs=["a"], expected=expected, runtimes=["pyodide"])
    with pytest.raises(ContractError, match=r"in Pyodide: HostNode: .*'linux' ≠ 'emscripten'"):
        check_node(nodes.HostNode, inputs=["a"], runtimes=["native", "pyodide"])


def test_errors_come_out_as_the_same_class(nodes):
    with pytest.raises(NodeError, match="KeyError: 'fail'") as caught:
        check_node(nodes.HostNode, inputs=["fail"], runtimes=["pyodide"])
    assert (caught.value.node_type, caught.value.item_index) == ("HostNode", 0)
    assert "host.py" in caught.value.traceback
    with pytest.raises(ContractError, match="in Pyodide: ShareNode: it does not give what"):
        check_node(nodes.ShareNode, inputs=[1], runtimes=["native", "pyodide"])


def test_packages_that_are_not_there(nodes):
    with pytest.raises(RuntimeLoadError, match="no-such-package"):
        check_node(nodes.NeedyNode, inputs=[1], runtimes=["pyodide"])
    with pytest.raises(RuntimeLoadError, match=r"a node needs numpy>=99, there is numpy 2"):
        check_node(nodes.NewerNode, inputs=[1], runtimes=["pyodide"])
    with pytest.raises(RuntimeLoadError, match=r"a node needs numpy>=99, there is numpy 2"):
        check_node(nodes.NewerNode, inputs=[1])


def test_built_in_nodes():
    check_node(AddNode(addend=1), inputs=[1], expected=[2], runtimes=["native", "pyodide"])


def test_what_is_missing_is_said(monkeypatch, tmp_path):
    monkeypatch.delenv("REMOTEMEDIA_PYODIDE")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeLoadError, match=r"npm install pyodide.*REMOTEMEDIA_PYODIDE"):
        check_node(AddNode, runtimes=["pyodide"])
    monkeypatch.setenv("REMOTEMEDIA_PYODIDE", str(tmp_path))
    with pytest.raises(RuntimeLoadError, match=f"REMOTEMEDIA_PYODIDE={tmp_path}"):
        check_node(AddNode, runtimes=["pyodide"])
    monkeypatch.setenv("REMOTEMEDIA_PYODIDE", str(FILES))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(RuntimeLoadError, match=r"Node\.js is needed.*install it"):
        check_node(AddNode, runtimes=["pyodide"])


def test_pyodide_is_found_above_the_current_folder(monkeypatch):
    monkeypatch.delenv("REMOTEMEDIA_PYODIDE")
    monkeypatch.chdir(ROOT / "py" / "tests")
    check_node(AddNode, inputs=[1], expected=[1], runtimes=["pyodide"])


def test_where_a_class_comes_from(nodes):
    assert source_of(VADNode) == {
        "root": None,
        "module": "remotemedia.nodes.vad",
        "name": "VADNode",
    }
    found = source_of(nodes.HostNode)
    assert (found["module"], found["name"]) == ("mynodes.host", "HostNode")

    class InnerNode(Node):
        """Stands in a function."""

        def process(self, item):
            return item

    with pytest.raises(TypeError, match="must stand in a file, at its top level"):
        check_node(InnerNode, runtimes=["pyodide"])


def test_it_works_where_an_event_loop_runs():
    @node
    async def later(item, add: int = 1):
        await asyncio.sleep(0)
        return item + add

    async def main():
        check_node(later(add=2), inputs=[1], expected=[3])

    asyncio.run(main())
    check_node(later, inputs=[1], expected=[2])


def test_checking_a_plain_node_imports_no_numpy():
    program = (
        "import sys; from remotemedia.testing import check_node;"
        "from remotemedia.nodes import AddNode; check_node(AddNode, inputs=[1], expected=[1]);"
        "print([m for m in ('numpy', 'remotemedia.testing._pyodide') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
