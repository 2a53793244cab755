"""Draws plots as SVG, readable on light and on dark pages, without any library."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 720
LEFT, RIGHT, TOP, BOTTOM = 62, 24, 40, 44
STYLE = """\
.page { fill: #ffffff } .ink { fill: #1c2330 } .soft { fill: #59647a }
.grid { stroke: #d8dde7 } .line { fill: none; stroke-width: 1.6; stroke-linejoin: round }
.s0 { stroke: #1f55c4 } .s1 { stroke: #c2410c } .s2 { stroke: #0f766e } .s3 { stroke: #9333ea }
.f0 { fill: #1f55c4 } .f1 { fill: #c2410c } .f2 { fill: #0f766e } .f3 { fill: #9333ea }
@media (prefers-color-scheme: dark) {
.page { fill: #1a202c } .ink { fill: #e8ebf2 } .soft { fill: #9aa5bb } .grid { stroke: #303949 }
.s0 { stroke: #86aaff } .s1 { stroke: #fdba74 } .s2 { stroke: #5eead4 } .s3 { stroke: #d8b4fe }
.f0 { fill: #86aaff } .f1 { fill: #fdba74 } .f2 { fill: #5eead4 } .f3 { fill: #d8b4fe }
}
"""


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`, with ticks; its label says the unit."""

    label: str
    low: float
    high: float
    ticks: Sequence[float]
    is_log: bool = False

    def part(self, value: float) -> float:
        """Return where a value lies: 0 at `low`, 1 at `high`."""
        low, high, at = (
            (math.log10(x) if self.is_log else x) for x in (self.low, self.high, value)
        )
        return (at - low) / (high - low)


@dataclass
class Plot:
    """One plot with an x axis and a y axis, `height` units high as a whole."""

    title: str
    x: Axis
    y: Axis
    height: int = 320
    top: int = TOP
    parts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return the position of a value in the drawing."""
        right, bottom = WIDTH - RIGHT, self.height - BOTTOM
        across, up = self.x.part(x), self.y.part(y)
        return LEFT + across * (right - LEFT), bottom - up * (bottom - self.top)

    def line(self, xs: Sequence[float], ys: Sequence[float], name: str = "") -> None:
        """Draw a line in the next colour; values outside the y axis go to its nearest end."""
        inside = (min(max(y, self.y.low), self.y.high) for y in ys)
        points = thinned([self.place(x, y) for x, y in zip(xs, inside, strict=True)])
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.names.append(name)
        self.parts.append(f'<polyline class="line s{len(self.names) - 1}" points="{path}"/>')

    def band(self, low: Sequence[float], high: Sequence[float], xs: Sequence[float]) -> None:
        """Fill what lies between two lines with a quiet colour."""
        points = [self.place(x, y) for x, y in zip(xs, low, strict=True)]
        points += reversed([self.place(x, y) for x, y in zip(xs, high, strict=True)])
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polygon class="soft" points="{path}"/>')

    def mark(self, start: float, end: float, y: float, colour: int) -> None:
        """Draw a bar from one x to another at the height of y."""
        (left, middle), (right, _) = self.place(start, y), self.place(end, y)
        box = f'x="{left:.1f}" y="{middle - 4:.1f}" width="{right - left:.1f}" height="8"'
        self.parts.append(f'<rect class="f{colour}" {box} rx="2"/>')

    def image(self, png: bytes) -> None:
        """Fill the plot with a picture."""
        (left, bottom), (right, top) = (
            self.place(self.x.low, self.y.low),
            self.place(self.x.high, self.y.high),
        )
        data = base64.b64encode(png).decode()
        box = f'x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}"'
        self.parts.append(
            f'<image {box} preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'
        )

    def drawing(self) -> str:
        """Return the SVG document."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}"'
            f' role="img" aria-label="{escape(self.title)}"'
            ' font-family="system-ui, sans-serif" font-size="12">'
        )
        page = f'<rect class="page" width="{WIDTH}" height="{self.height}" rx="8"/>'
        title = _text(LEFT, 22, self.title, 'class="ink" font-size="14" font-weight="600"')
        style = f"<style>\n{STYLE}</style>"
        parts = [head, style, page, title, *self._axes(), *self.parts, *self._legend(), "</svg>\n"]
        return "\n".join(parts)

    def _axes(self) -> list[str]:
        right, bottom = WIDTH - RIGHT, self.height - BOTTOM
        made = []
        for tick in self.x.ticks:
            at, _ = self.place(tick, self.y.low)
            made.append(_stroke(at, self.top, at, bottom))
            made.append(_text(at, bottom + 16, _number(tick), 'class="soft" text-anchor="middle"'))
        for tick in self.y.ticks:
            _, at = self.place(self.x.low, tick)
            made.append(_stroke(LEFT, at, right, at))
            made.append(_text(LEFT - 8, at + 4, _number(tick), 'class="soft" text-anchor="end"'))
        across, up = (LEFT + right) / 2, (self.top + bottom) / 2
        centred = 'class="soft" text-anchor="middle"'
        turned = f'{centred} transform="rotate(-90 16 {up:.1f})"'
        made.append(_text(across, self.height - 10, self.x.label, centred))
        made.append(_text(16, up, self.y.label, turned))
        return made

    def _legend(self) -> list[str]:
        named = [(at, name) for at, name in enumerate(self.names) if name]
        made, left = [], WIDTH - RIGHT - sum(len(name) * 7.2 + 34 for _, name in named)
        for at, name in named:
            made.append(
                f'<line class="line s{at}" x1="{left:.1f}" y1="18" x2="{left + 18:.1f}" y2="18"/>'
            )
            made.append(_text(left + 23, 22, name, 'class="ink"'))
            left += len(name) * 7.2 + 34
        return made


def thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points without those that nobody could see: the extremes of each unit stay."""
    kept: list[tuple[float, float]] = []
    column: list[tuple[float, float]] = []
    for point in [*points, (math.inf, 0.0)]:
        if column and point[0] - column[0][0] > 1:
            extremes = {column[0], min(column, key=_height), max(column, key=_height), column[-1]}
            kept += [at for at in column if at in extremes]
            column = []
        column.append(point)
    return _bent(kept)


def _bent(points: list[tuple[float, float]], most: float = 0.2) -> list[tuple[float, float]]:
    """Return the points that a line needs to be nowhere farther than `most` from all of them."""
    kept = {0, len(points) - 1}
    spans = [(0, len(points) - 1)]
    while spans:
        start, end = spans.pop()
        (x1, y1), (x2, y2) = points[start], points[end]
        slope = (y2 - y1) / (x2 - x1) if x2 > x1 else 0.0
        away = [abs(y - y1 - slope * (x - x1)) for x, y in points[start + 1 : end]]
        if away and max(away) > most:
            middle = start + 1 + away.index(max(away))
            kept.add(middle)
            spans += [(start, middle), (middle, end)]
    return [points[at] for at in sorted(kept)]


def _height(point: tuple[float, float]) -> float:
    return point[1]


def _text(x: float, y: float, text: str, attributes: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(text)}</text>'


def _stroke(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")
