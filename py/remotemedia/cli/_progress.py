"""Shows on a terminal how far a run is."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remotemedia._execution import Progress


@contextmanager
def progress(*, wanted: bool) -> Iterator[Progress | None]:
    """Give what a run tells its progress to; None unless errors go to a terminal."""
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.SpinnerColumn(),
        bars.TextColumn("{task.description}", markup=False, style=""),
        bars.BarColumn(),
        bars.TimeElapsedColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=None)

        def show(event: dict[str, Any]) -> None:
            total = event["total"]
            of = "" if total is None else f" of {total}"
            text = f"{event['phase']}: {event['loaded']}{of}"
            shown.update(task, description=text, completed=event["loaded"], total=total)

        yield show
