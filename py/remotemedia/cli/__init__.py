"""The command line: `remotemedia run | validate | inspect | nodes | pack | sign | verify | new`.

Exit codes: 0 ok, 1 the run failed or the bundle is not trusted, 2 bad input, 130 interrupted by
Ctrl-C, 141 nobody reads the output. With --json an error is printed as JSON too.

Only `main` imports typer, and rich only what is shown on a terminal: the wheel requires neither.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code, or raises SystemExit if the arguments are wrong."""
    try:
        import rich  # noqa: F401
        import typer  # noqa: F401
    except ImportError as missing:
        print(
            f"the command line needs {missing.name}: pip install 'remotemedia[cli]'",
            file=sys.stderr,
        )
        return BAD_INPUT
    from remotemedia.cli._app import run_command

    return run_command(arguments)
