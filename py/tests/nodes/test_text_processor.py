import math

import pytest
from segments import run_chain

from remotemedia import NodeError
from remotemedia.nodes.text_processor import stringify


def test_what_is_no_text_is_written_as_json():
    assert stringify(15.0) == "15"
    assert stringify([1.0, None, {"a": "é"}]) == '[1,null,{"a":"é"}]'
    assert stringify(math.nan) == '{"$number":"NaN"}'
    assert stringify(b"\0") == '{"$bytes":"AA=="}'


@pytest.mark.parametrize("operations", ["uppercase", ["uppercase", "shout"], [["uppercase"]], [1]])
def test_operations_that_are_none(operations):
    with pytest.raises(NodeError, match=r"operation"):
        run_chain([("TextProcessorNode", {})], [{"text": "a", "operations": operations}])


def test_a_map_without_text_is_stringified():
    (output,) = run_chain([("TextProcessorNode", {})], [{"a": 1}])
    assert output["original_text"] == '{"a":1}'


def test_large_integers_are_written_as_digits():
    assert stringify([2**60, -(2**60)]) == "[1152921504606846976,-1152921504606846976]"
    assert stringify({"$number": "12"}) == '{"$map":{"$number":"12"}}'
