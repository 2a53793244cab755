"""The plots of docs/nodes/plots show what the nodes give today."""

import re
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from vectors import ROOT

sys.path.insert(0, str(ROOT / "scripts" / "plots.d"))
from plots import PLOTS

FOLDER = ROOT / "docs" / "nodes" / "plots"
SVG = "{http://www.w3.org/2000/svg}"


def lines(drawing):
    """Return every line and area of a drawing, as heights at the same places."""
    shapes = [part for part in drawing.iter() if part.get("points")]
    points = [np.array(re.findall(r"[-.\d]+", part.get("points")), float) for part in shapes]
    across = np.linspace(70, 690, 200)
    return [np.interp(across, shape[::2], shape[1::2]) for shape in points]


def texts(drawing):
    return [part.text for part in drawing.iter(f"{SVG}text")]


def test_every_plot_is_drawn_and_shown():
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(PLOTS)
    pages = "".join(path.read_text(encoding="utf-8") for path in FOLDER.parent.glob("*.md"))
    assert [name for name in PLOTS if f"(plots/{name}.svg)" not in pages] == []


@pytest.mark.parametrize("name", PLOTS)
def test_it_is_what_the_nodes_give(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    drawn = ET.fromstring(PLOTS[name]())  # noqa: S314
    committed = ET.fromstring((FOLDER / f"{name}.svg").read_text(encoding="utf-8"))  # noqa: S314
    assert texts(drawn) == texts(committed)
    assert [part.tag for part in drawn] == [part.tag for part in committed]
    # Where a stop band is nothing but rounding, it is another one in every version.
    differences = [abs(a - b) for a, b in zip(lines(drawn), lines(committed), strict=True)]
    assert all(np.quantile(difference, 0.3) < 1 for difference in differences)
    assert all(difference.max() < 25 for difference in differences)
