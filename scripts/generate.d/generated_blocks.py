"""Generated blocks inside pages that are written by hand.

A block starts with the line `<!-- generated: WHAT -->` and goes to `<!-- end -->`. Everything
else on a page stays as it is, so each fact stands once, and where it belongs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = re.compile(r"^<!-- generated: (.+?) -->\n.*?^<!-- end -->$", re.DOTALL | re.MULTILINE)
_HINT = re.compile(r"<!--.*?-->", re.DOTALL)


def filled(page: str, make: Callable[[str], str]) -> str:
    """Return the page with what `make` gives for the WHAT of each block."""
    return _BLOCK.sub(lambda found: block(found[1], make(found[1])), page)


def block(what: str, text: str) -> str:
    """Return a block with this text, which may be empty."""
    return f"<!-- generated: {what} -->\n{text}<!-- end -->"


def by_hand(page: str) -> str:
    """Return what people wrote on the page: no blocks, no comments, no headings."""
    text = _HINT.sub("", _BLOCK.sub("", page))
    return "\n".join(line for line in text.splitlines() if line and not line.startswith("#"))
