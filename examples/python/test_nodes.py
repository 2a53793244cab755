"""One line per node: what comes in, what must come out, and the contract of all nodes."""

import numpy as np
from nodes import (
    ClampNode,
    CountdownNode,
    JoinNode,
    PeakNode,
    SmoothNode,
    SplitNode,
    letters,
    shout,
    slowly,
    twice,
)

from remotemedia import Audio
from remotemedia.testing import check_node


def test_clamp() -> None:
    check_node(ClampNode(high=2), inputs=[-1, 1.5, 5], expected=[0, 1.5, 2])


def test_clamp_in_pyodide() -> None:
    check_node(ClampNode, inputs=[-1, 5], expected=[0, 1], runtimes=["native", "pyodide"])


def test_smooth() -> None:
    check_node(SmoothNode(size=2), inputs=[1, 3, 5], expected=[1, 2, 4])
    check_node(SmoothNode(size=2, edge="drop"), inputs=[1, 3, 5], expected=[2, 4])


def test_split() -> None:
    check_node(SplitNode, inputs=[2, -1], expected={"out": [2], "rest": [-1], "count": [1]})


def test_join() -> None:
    check_node(
        JoinNode,
        inputs={"left": [1, 2], "right": [3]},
        expected=[{"left": 1}, {"right": 3}, {"left": 2}],
    )


def test_countdown() -> None:
    check_node(CountdownNode(start=2), expected=[2, 1, 0])


def test_peak() -> None:
    audio = Audio([[0.5, -1], [0, 0]], 8000)
    check_node(PeakNode, inputs=[audio], expected=[np.array([1, 0], np.float32)])


def test_functions() -> None:
    check_node(shout(mark="?"), inputs=["a"], expected=["A?"])
    check_node(letters(times=2), inputs=["ab"], expected=["aa", "bb"])
    check_node(slowly, inputs=["a"], expected=["a"])
    check_node(twice, inputs=["a"], expected=["a", "a"])
