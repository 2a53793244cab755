"""Draws the graph of a manifest as SVG that stands alone: no scripts, no fonts, no style sheet.

Boxes bring their own background and lines are of a medium grey, so that it reads on light and on
dark pages. A node's column is the longest way to it; its row tries to be near those before it.
"""

from __future__ import annotations

from html import escape
from typing import Any, NamedTuple

from remotemedia._graph import canonical_order

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 190, 66, 90, 24, 12
MOST_LETTERS = 24
"""Of a line in a box."""
MOST_PARAMS = 3
"""Nodes show so many params; the tooltip shows all."""

_FONT = 'font-family="system-ui, sans-serif" font-size="12"'


class _Link(NamedTuple):
    start: str
    end: str
    label: str


def summary(manifest: Any) -> str:
    """Return the name and the size of a pipeline, whatever its manifest is."""
    nodes, links = _graph(manifest)
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{name or 'without a name'}: {len(nodes)} nodes, {len(links)} connections"


def svg_of(manifest: Any) -> str:
    """Return the picture; what is wrong in a manifest is left out."""
    nodes, links = _graph(manifest)
    places = _places(list(nodes), links)
    width = MARGIN * 2 + max([x + WIDTH for x, _ in places.values()], default=WIDTH)
    height = MARGIN * 2 + max([y + HEIGHT for _, y in places.values()], default=HEIGHT)
    said = "; ".join(
        f"{link.start} to {link.end}{f' ({link.label})' if link.label else ''}" for link in links
    )
    about = f"Nodes: {', '.join(nodes)}. Connections: {said or 'none'}."
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
        f'viewBox="{-MARGIN} {-MARGIN} {width} {height}" {_FONT}>'
        f"<title>{_text(f'Pipeline {summary(manifest)}')}</title><desc>{_text(about)}</desc>"
    )
    lines = [_line(link, places) for link in links]
    boxes = [_box(node, *places[name]) for name, node in nodes.items()]
    return "".join([head, *lines, *boxes, "</svg>"])


def _graph(manifest: Any) -> tuple[dict[str, dict[str, Any]], list[_Link]]:
    """Return the nodes by id and the links between them."""
    fields = manifest if isinstance(manifest, dict) else {}
    nodes = {
        str(node["id"]): node
        for node in _list(fields.get("nodes"))
        if isinstance(node, dict) and "id" in node
    }
    links = []
    for connection in _list(fields.get("connections")):
        if isinstance(connection, dict):
            start, out = _end(str(connection.get("from")), nodes, "out")
            end, into = _end(str(connection.get("to")), nodes, "in")
            if start in nodes and end in nodes:
                links.append(_Link(start, end, " → ".join(filter(None, (out, into)))))
    return nodes, links


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _end(text: str, nodes: dict[str, Any], default: str) -> tuple[str, str]:
    """Return the node and the port of an endpoint, "" for the default port."""
    node, dot, port = text.rpartition(".")
    if text in nodes or not dot:
        return text, ""
    return node, "" if port == default else port


def _places(names: list[str], links: list[_Link]) -> dict[str, tuple[int, int]]:
    """Return where boxes stand. On a cycle, which is no valid graph, order is that of the list."""
    order = canonical_order(names, [(link.start, link.end) for link in links])
    order += [name for name in names if name not in order]
    column: dict[str, int] = {}
    rows: dict[str, float] = {}
    taken: dict[int, set[int]] = {}
    for name in order:
        before = [link.start for link in links if link.end == name and link.start in column]
        column[name] = max([column[each] + 1 for each in before], default=0)
        wanted = sum(rows[each] for each in before) / len(before) if before else 0
        free = taken.setdefault(column[name], set())
        row = int(wanted)
        while row in free:
            row += 1
        free.add(row)
        rows[name] = row
    return {
        name: (column[name] * (WIDTH + GAP_X), int(rows[name]) * (HEIGHT + GAP_Y)) for name in names
    }


def _line(link: _Link, places: dict[str, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = places[link.start], places[link.end]
    x1, y1, y2 = x1 + WIDTH, y1 + HEIGHT // 2, y2 + HEIGHT // 2
    bend = max(GAP_X // 2, (x2 - x1) // 2)
    path = f"M{x1},{y1} C{x1 + bend},{y1} {x2 - bend},{y2} {x2 - 7},{y2}"
    drawn = (
        f'<path d="{path}" fill="none" stroke="#767676" stroke-width="1.5"/>'
        f'<path d="M{x2},{y2} l-8,-4 v8 z" fill="#767676"/>'
    )
    if link.label:
        x, y = (x1 + x2) // 2, (y1 + y2) // 2 - 5
        drawn += _written(x, y, 'fill="#767676" text-anchor="middle"', link.label)
    return drawn


def _box(node: dict[str, Any], x: int, y: int) -> str:
    params = node.get("params")
    given = [f"{key}={value}" for key, value in params.items()] if isinstance(params, dict) else []
    kind = str(node.get("node_type"))
    details = ", ".join(given[:MOST_PARAMS]) + (" …" if len(given) > MOST_PARAMS else "")
    hover = "\n".join([f"{node['id']}: {kind}", *given])
    frame = f'x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="7"'
    written = [
        _written(x + 10, y + 20, 'fill="#14213d" font-weight="600"', node["id"]),
        _written(x + 10, y + 38, 'fill="#14213d"', kind),
        _written(x + 10, y + 55, 'fill="#3c4a6b" font-size="11"', details),
    ]
    box = f'<rect {frame} fill="#eef2fb" stroke="#4a64a8"/>'
    return f"<g><title>{_text(hover)}</title>{box}{''.join(written)}</g>"


def _written(x: int, y: int, style: str, text: Any) -> str:
    line = str(text)
    short = line if len(line) <= MOST_LETTERS else f"{line[: MOST_LETTERS - 1]}…"
    return f'<text x="{x}" y="{y}" {style}>{_text(short)}</text>'


def _text(text: str) -> str:
    """Return text as XML can have it: escaped, without control characters and surrogates."""
    plain = "".join(c if c.isprintable() or c == "\n" else "�" for c in text)
    return escape(plain.encode("utf-8", "replace").decode())
