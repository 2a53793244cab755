"""`scripts/version` finds a place that names another version, and a tag without a changelog."""

import runpy

import pytest
from vectors import ROOT

VERSION = runpy.run_path(str(ROOT / "scripts" / "version.d" / "version.py"))
PLACES = VERSION["named"]()


def test_all_places_agree():
    assert VERSION["problems"](PLACES, None) == []


@pytest.mark.parametrize("place", [name for name in PLACES if name != "pyproject.toml"])
@pytest.mark.parametrize("said", [[], ["9.9.9"]])
def test_another_version_is_found(place, said):
    [problem] = VERSION["problems"](PLACES | {place: said}, None)
    assert problem.startswith(f"{place} says {', '.join(said) or 'nothing'}, not ")


def test_a_release_needs_its_tag_and_its_changes():
    [version] = PLACES["pyproject.toml"]
    assert f"the tag is v9.9.9, not v{version}" in VERSION["problems"](PLACES, "v9.9.9")
    untold = VERSION["problems"]({"pyproject.toml": ["9.9.9"]}, "v9.9.9")
    assert untold == ["CHANGELOG.md has no section '## 9.9.9 (YYYY-MM-DD)'"]
