import pytest
from segments import run_chain

from remotemedia import NodeError


@pytest.mark.parametrize(
    "item",
    [
        {"operation": "root", "args": [1, 2]},
        {"operation": "add", "args": [1]},
        {"operation": "add", "args": [1, 2, 3]},
        {"operation": "add", "args": [1, "2"]},
        {"operation": "add", "args": [1, True]},
        {"operation": "add", "args": 1},
        {"operation": ["add"], "args": [1, 2]},
        {"args": [1, 2]},
        {},
    ],
)
def test_items_that_are_no_computation(item):
    with pytest.raises(NodeError) as caught:
        run_chain([("CalculatorNode", {})], [item])
    assert caught.value.node_id == "n0"
