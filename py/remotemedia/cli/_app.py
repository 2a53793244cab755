"""Makes one typer application of the commands and runs it."""

from __future__ import annotations

import sys
import warnings
from io import TextIOWrapper
from typing import TYPE_CHECKING

import typer
from typer.main import get_command

from remotemedia import __version__
from remotemedia.cli import inspect, new, nodes, pack, run, sign, validate, verify
from remotemedia.cli._guard import UNREAD, guarded
from remotemedia.cli._output import drop_output, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CODES = "Exit codes: 0 ok, 1 failed or not trusted, 2 bad input, 130 interrupted, 141 not read."


def run_command(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; returns the exit code."""
    _set_encodings()
    command = get_command(application())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_, **__: tell(f"warning: {message}")
        try:
            # Not standalone, so that nothing is printed or ended but by us.
            code = command.main(arguments, prog_name="remotemedia", standalone_mode=False)
            sys.stdout.flush()
        except typer.TyperException as error:
            tell(f"remotemedia: {error.format_message()}" if error.format_message() else "")
            sys.exit(error.exit_code)
        except BrokenPipeError:
            drop_output()
            return UNREAD
    return int(code or 0)


def _set_encodings() -> None:
    """Take input as UTF-8, whatever the system's own encoding is; print what that lacks escaped."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8")
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def application() -> typer.Typer:
    """Return the application; on a terminal its help has colours, elsewhere it is plain text."""
    markup = "rich" if sys.stdout.isatty() else None
    app = typer.Typer(
        help="Runs pipelines, and makes, checks and signs bundles.",
        epilog=_CODES,
        no_args_is_help=True,
        rich_markup_mode=markup,  # type: ignore[arg-type]
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_options)
    for module in (run, validate, inspect, nodes, pack, sign, verify):
        name = module.__name__.rpartition(".")[2]
        _add(app, module.command, module.EXAMPLES, name)
    starters = typer.Typer(
        help=new.__doc__,
        no_args_is_help=True,
        rich_markup_mode=markup,  # type: ignore[arg-type]
    )
    _add(starters, new.node, new.NODE_EXAMPLES, "new node")
    _add(starters, new.pipeline, new.PIPELINE_EXAMPLES, "new pipeline")
    app.add_typer(starters, name="new")
    return app


def _add(
    app: typer.Typer, function: Callable[..., int], examples: Sequence[str], name: str
) -> None:
    # A blank line keeps an example on a line of its own, in plain and in rich help alike.
    epilog = "\n\n".join(["Examples:", *(f"remotemedia {example}" for example in examples)])
    app.command(name.rpartition(" ")[2], epilog=epilog)(guarded(function))


def _show_version(*, wanted: bool) -> None:
    if wanted:
        print(f"remotemedia {__version__}")
        raise typer.Exit


def _options(
    *,
    version: bool = typer.Option(
        False,  # noqa: FBT003 - typer takes the default so
        "--version",
        callback=lambda wanted: _show_version(wanted=wanted),
        is_eager=True,
        help="Print the version.",
    ),
) -> None:
    del version
