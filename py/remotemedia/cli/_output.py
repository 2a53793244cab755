"""What commands write."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def print_json(value: Any, **options: Any) -> None:
    """Print as JSON; escaped where the encoding of the output may lack a character."""
    escapes = (sys.stdout.encoding or "").lower() != "utf-8"
    print(json.dumps(value, ensure_ascii=escapes, **options))


def visible(text: str, kept: str = "") -> str:
    r"""Return text with what controls a terminal, or hides text, written as escapes: `\x1b`.

    Texts of a bundle must not write over what we say of it. `kept` are characters left as they are.
    """
    return _CONTROLS.sub(lambda found: found[0] if found[0] in kept else repr(found[0])[1:-1], text)


def show(text: str, file: TextIO | None = None) -> None:
    """Print one line of text from anywhere."""
    print(visible(text), file=file)


def tell(*texts: str) -> None:
    """Print to standard error; empty texts are left out."""
    for text in texts:
        if text:
            print(visible(text.rstrip(), kept="\n\t"), file=sys.stderr)


def drop_output() -> None:
    """Nobody reads any more: let nothing fail when the interpreter writes what is left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], file: TextIO | None = None
) -> None:
    """Print a table: with rules and colours on a terminal, else in aligned columns."""
    file = file or sys.stdout
    rows = [[visible(cell) for cell in row] for row in rows]
    if file.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(*head, box=None, pad_edge=False, show_header=any(head), header_style="bold")
        for row in rows:
            table.add_row(*map(Text, row))
        Console(file=file).print(table)
        return
    lines = [list(head), *map(list, rows)] if any(head) else [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        print("  ".join(cells).rstrip(), file=file)


def readable_size(size: float) -> str:
    """Return a number of bytes for people: `771 kB`."""
    for unit in ("B", "kB"):
        if size < 1000:  # noqa: PLR2004
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.1f} MB"


@contextmanager
def replaced_when_done(path: Path) -> Iterator[Path]:
    """Give a path beside the file; what is written there becomes the file if nothing fails."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
