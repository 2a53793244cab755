import asyncio
import importlib
import sys

import probes
import pytest
from segments import opened, run, segment

from remotemedia import Node, NodeError, Out, node
from remotemedia._effects import Batch, drive_async


class LostNode(Node):
    """Emits on a port that it does not have."""

    def process(self, item):
        return Out("nowhere", item)


def test_the_traceback_shows_the_authors_lines_only():
    _, error = run(opened(probes.probes(1), probes.NODES), (0, [0], [1]))
    assert error.message == "KeyError: 1"
    assert "raise KeyError(item)" in error.traceback
    assert error.traceback.count('File "') == 1
    assert probes.__file__ in error.traceback
    assert isinstance(error.__cause__, KeyError)


def test_the_traceback_of_a_built_in_node_shows_the_node_not_the_engine():
    spec = segment([("m", "MultiplyNode", {})], [], {0: "m.in"}, {1: ("m.*", None)})
    _, error = run(opened(spec), (0, [0], ["x"]))
    assert "multiply.py" in error.traceback
    assert "_calls.py" not in error.traceback
    assert "not str" in error.message


def test_an_error_that_the_engine_words_itself_needs_no_traceback():
    spec = segment([("m", "LostNode", {})], [], {0: "m.in"}, {1: ("m.*", None)})
    _, error = run(opened(spec, [LostNode]), (0, [0], [1]))
    assert "no output port 'nowhere'" in error.message
    assert error.traceback is None


def helper(item):
    raise LookupError(f"no {item}")  # the author's own function


class PlainNode(Node):
    """Fails in a function."""

    def process(self, item):
        return helper(item)


class YieldingNode(Node):
    """Fails after an item."""

    def process(self, item):
        yield item
        helper(item)


class AsyncNode(Node):
    """Fails after a pause."""

    async def process(self, item):
        await asyncio.sleep(0)
        await self.later(item)

    async def later(self, item):
        await asyncio.sleep(0)
        return helper(item)


class AsyncYieldingNode(Node):
    """Fails between items."""

    async def process(self, item):
        yield item
        await asyncio.sleep(0)
        helper(item)


class FlushingNode(Node):
    """Fails at the end."""

    def process(self, item):
        """Keep it."""

    def flush(self):
        yield helper("rest")


class SourceNode(Node):
    """Fails in a tick."""

    inputs = {}

    def process(self):
        yield 1
        helper("more")


class AsyncSourceNode(Node):
    """Fails in a tick."""

    inputs = {}

    async def process(self):
        yield 1
        await asyncio.sleep(0)
        helper("more")


@node
def failing(item):
    """Fails in a function."""
    return helper(item)


async def failure(cls, *items):
    spec = segment([("n", cls.type_name, {})], [], {0: "n.in"}, {1: ("n.*", None)})
    engine = opened(spec, [cls])
    found = await drive_async(engine.run([Batch(None, 0, list(range(len(items))), list(items))]))
    if found.error is None:
        found = await drive_async(engine.flush([]))
    return found.error


def lines(error):
    """The lines of code that a traceback shows."""
    return [
        line.strip()
        for line in error.traceback.splitlines()
        if line.startswith("    ") and set(line.strip()) - set("^~")
    ]


FAILURE = 'raise LookupError(f"no {item}")  # the author\'s own function'


@pytest.mark.parametrize(
    ("cls", "shown"),
    [
        (PlainNode, ["return helper(item)"]),
        (YieldingNode, ["helper(item)"]),
        (AsyncNode, ["await self.later(item)", "return helper(item)"]),
        (AsyncYieldingNode, ["helper(item)"]),
        (FlushingNode, ['yield helper("rest")']),
        (SourceNode, ['helper("more")']),
        (AsyncSourceNode, ['helper("more")']),
        (failing, ["return helper(item)"]),
    ],
    ids=lambda value: getattr(value, "type_name", None),
)
async def test_every_kind_of_node_shows_its_own_lines(cls, shown):
    items = {"FlushingNode": (), "SourceNode": (None, None), "AsyncSourceNode": (None, None)}
    error = await failure(cls, *items.get(cls.type_name, ("item",)))
    assert lines(error) == [*shown, FAILURE]
    assert error.traceback.count(f'File "{__file__}"') == len(shown) + 1
    assert error.traceback.startswith("Traceback (most recent call last):\n")
    assert error.traceback.rstrip().endswith(error.message)


@node
def caused(item):
    """Fails because of something."""
    try:
        helper(item)
    except LookupError as error:
        raise ValueError("worse") from error


@node
def meanwhile(item):
    """Fails while it handles a failure."""
    try:
        helper(item)
    except LookupError:
        int("none")


@node
def grouped(item):
    """Fails in two ways."""
    failures = []
    for name in ("a", "b"):
        try:
            helper(name)
        except LookupError as error:
            failures.append(error)
    raise ExceptionGroup("both", failures)


@node
def noted(item):
    """Fails with a note."""
    error = ValueError("bad")
    error.add_note("on a Monday")
    raise error


async def test_causes_groups_and_notes_are_shown():
    error = await failure(caused, 1)
    assert error.message == "ValueError: worse"
    assert "LookupError: no 1" in error.traceback
    assert "direct cause" in error.traceback
    error = await failure(meanwhile, 1)
    assert "LookupError: no 1" in error.traceback
    assert "During handling" in error.traceback
    error = await failure(grouped, 1)
    assert error.message == "ExceptionGroup: both (2 sub-exceptions)"
    assert "LookupError: no a" in error.traceback
    assert "LookupError: no b" in error.traceback
    error = await failure(noted, 1)
    assert "on a Monday" in error.traceback


async def test_no_line_of_the_engine_is_shown_in_any_part():
    for cls in (caused, meanwhile, grouped):
        error = await failure(cls, 1)
        assert "remotemedia/_" not in error.traceback.replace("\\", "/")


async def test_a_chain_through_the_engine_is_trimmed_in_every_link():
    @node
    def outer(item):
        """Runs a node inside itself."""
        try:
            run_inside(item)
        except NodeError as error:
            raise ValueError("outer") from error

    def run_inside(item):
        spec = segment([("m", "MultiplyNode", {})], [], {0: "m.in"}, {1: ("m.*", None)})
        _, error = run(opened(spec), (0, [0], [item]))
        raise error

    @node
    def several(item):
        """Runs a node inside itself, twice."""
        failures = []
        for _ in range(2):
            try:
                run_inside(item)
            except NodeError as error:
                failures.append(error)
        raise ExceptionGroup("several", failures)

    for cls in (outer, several):
        error = await failure(cls, "x")
        assert cls.type_name in error.message
        assert "multiply.py" in error.traceback
        assert "_calls.py" not in error.traceback


async def test_a_file_that_is_no_python_is_shown_with_its_line(tmp_path, monkeypatch):
    (tmp_path / "half_written.py").write_text("good = 1\ndef bad(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()

    @node
    def importing(item):
        """Imports a module of its own."""
        import half_written

        return half_written.good

    error = await failure(importing, 1)
    assert error.message.startswith("SyntaxError: ")
    assert f'File "{tmp_path / "half_written.py"}", line 2' in error.traceback
    assert "def bad(:" in error.traceback
    assert "import half_written" in error.traceback
    sys.modules.pop("half_written", None)


async def test_endless_recursion_is_an_error_of_a_readable_length():
    @node
    def deep(item):
        """Calls itself."""
        return again(item)

    def again(item):
        return again(item) + 1

    error = await failure(deep, 1)
    assert error.message.startswith("RecursionError")
    assert len(error.traceback.splitlines()) < 40


def test_an_error_of_init_has_a_traceback():
    class LateNode(Node):
        def init(self):
            helper("model")

        def process(self, item):
            """Would never run."""

    spec = segment([("n", "LateNode", {})], [], {0: "n.in"}, {1: ("n.*", None)})
    with pytest.raises(NodeError) as caught:
        opened(spec, [LateNode])
    assert lines(caught.value) == ['helper("model")', FAILURE]
