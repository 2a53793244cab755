"""A pytest plugin: only property-based tests, with examples that HYPOTHESIS_SEED determines."""

import os
from typing import Any

import hypothesis
import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[Any]) -> None:
    """Seed the tests that hypothesis drives and leave the others out."""
    chosen = [item for item in items if getattr(item.obj, "is_hypothesis_test", False)]
    for item in chosen:
        hypothesis.seed(int(os.environ["HYPOTHESIS_SEED"]))(item.obj)
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen
