"""The command line: `remotemedia run | validate | inspect | pack | nodes`.

Exit codes: 0 ok, 1 the run failed, 2 bad input, 130 interrupted by Ctrl-C. With --json an error is
printed as JSON too.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from typing import TYPE_CHECKING

from remotemedia._errors import ManifestError, PackageError, RemoteMediaError
from remotemedia._json_form import JsonFormError
from remotemedia.cli import inspect, nodes, pack, run, validate

if TYPE_CHECKING:
    from collections.abc import Sequence

OK, FAILED, BAD_INPUT = range(3)
INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C has ended."""

_CODES = "exit codes: 0 ok, 1 the run failed, 2 bad input, 130 interrupted"
_COMMANDS = (run, validate, inspect, pack, nodes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="remotemedia", description="Runs pipelines.", epilog=_CODES
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in _COMMANDS:
        name = module.__name__.rpartition(".")[2]
        summary = (module.__doc__ or "").partition("\n")[0]
        command = commands.add_parser(name, help=summary, description=module.__doc__)
        module.declare(command)
        command.set_defaults(execute=module.execute)
    options = parser.parse_args(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_, **__: _tell(f"warning: {message}")
        try:
            return int(options.execute(options))
        except (ManifestError, PackageError, JsonFormError, OSError, UnicodeDecodeError) as error:
            _tell(str(error))
            _print_if_asked(options, error)
            return BAD_INPUT
        except RemoteMediaError as error:
            _tell(error.traceback or "", str(error))
            _print_if_asked(options, error)
            return FAILED
        except KeyboardInterrupt as interrupt:
            _tell("; ".join(["interrupted", *getattr(interrupt, "__notes__", ())]))
            return INTERRUPTED


def _print_if_asked(options: argparse.Namespace, error: Exception) -> None:
    if getattr(options, "json", False):
        known = error if isinstance(error, RemoteMediaError) else RemoteMediaError(str(error))
        print(json.dumps({"error": known.to_wire()}, ensure_ascii=False))


def _tell(*lines: str) -> None:
    for line in lines:
        if line:
            print(line.rstrip(), file=sys.stderr)
