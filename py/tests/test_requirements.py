import pytest

from remotemedia import RuntimeLoadError
from remotemedia._requirements import check_version, name_of, need


@pytest.mark.parametrize("text", ["numpy", "numpy>=2,<3", "numpy >= 2", "numpy[fast]==1"])
def test_names(text):
    assert name_of(text) == "numpy"


@pytest.mark.parametrize(
    ("installed", "wanted", "fits"),
    [
        ("2.4.6", ">=2", True), ("2.4.6", ">=2.5", False), ("2.4.6", ">=2,<3", True),
        ("3.0", ">=2,<3", False), ("2.0", "==2", True), ("2.0.1", "==2", False),
        ("2.0.1", "==2.0.*", True), ("2.1", "!=2.0.*", True), ("2.4", "~=2.1", True),
        ("3.0", "~=2.1", False), ("2.10", ">2.9", True), ("2.9", ">2.9", False),
        ("2.0rc1", ">=2", True), ("1.0", "!=1.0", False), ("2.0.0", "<=2", True),
    ],
)  # fmt: skip
def test_versions(monkeypatch, installed, wanted, fits):
    monkeypatch.setattr("remotemedia._requirements._installed", lambda name: installed)
    if fits:
        check_version(f"numpy{wanted}")
    else:
        with pytest.raises(
            RuntimeLoadError, match=f"a node needs numpy.*, there is numpy {installed}"
        ):
            check_version(f"numpy{wanted}")


def test_what_is_missing():
    with pytest.raises(
        RuntimeLoadError, match=r"needs no-such-package>=1: pip install 'no-such-package>=1'"
    ):
        need(["no-such-package>=1"])
    need(["json", "pytest>=1"])  # a module of no package has no version
    check_version("json>=99")


def test_packages_are_imported_by_other_names(monkeypatch):
    monkeypatch.setattr("remotemedia._requirements._installed", lambda name: "12.0")
    need(["pillow-of-another-name>=11"])
