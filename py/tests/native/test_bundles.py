"""The example bundles give what their READMEs say where Rust and Python run together."""

import pytest
from bundles import NAMES, check_readme


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_is_right(name):
    check_readme(name, "auto")
