import pytest
from segments import opened, run, segment


def given(rounds, **params):
    spec = segment([("r", "RangeGeneratorNode", params)], [], {0: "r.in"}, {1: ("r.*", None)})
    outputs, error = run(opened(spec), (0, list(range(rounds)), [None] * rounds))
    if error:
        raise error
    return outputs.get(1, ([], []))[1]


@pytest.mark.parametrize(
    ("params", "numbers"),
    [
        ({}, list(range(10))),
        ({"start": 1, "end": 2, "step": 0.5}, [1, 1.5]),
        ({"start": 3, "end": 0, "step": -1}, [3, 2, 1]),
        ({"start": 0, "end": 5, "step": -1}, []),
        ({"start": 2, "end": 2}, []),
        ({"start": 0.1, "end": 0.45, "step": 0.1}, [0.1, 0.2, 0.1 + 2 * 0.1, 0.1 + 3 * 0.1]),
        ({"start": 2**53, "end": 2**53 + 2}, [2.0**53, 2.0**53]),
        ({"start": 1e308, "end": 1.7e308, "step": 1e308}, [1e308]),
    ],
)
def test_numbers(params, numbers):
    found = given(20, **params)
    assert found == numbers
    assert list(map(type, found)) == list(map(type, numbers))


def test_a_step_of_zero_fails_the_first_tick():
    with pytest.raises(Exception, match="step must not be 0") as caught:
        given(3, step=0)
    assert caught.value.item_index == 0
