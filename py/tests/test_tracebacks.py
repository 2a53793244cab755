import probes
from segments import opened, run, segment

from remotemedia import Node, Out


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
