"""What becomes of the errors of a command: one clear message, and an exit code."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import typer

from remotemedia._errors import CapabilityError, ManifestError, PackageError, RemoteMediaError
from remotemedia._json_form import JsonFormError
from remotemedia.cli._output import drop_output, print_json, tell

if TYPE_CHECKING:
    from collections.abc import Callable

OK, FAILED, BAD_INPUT = range(3)
INTERRUPTED, UNREAD = 130, 141
"""What shells expect of a program that Ctrl-C has ended, and of one whose output nobody reads."""

_BAD_INPUT = (ManifestError, PackageError, JsonFormError, OSError, UnicodeDecodeError)
_NOT_ALLOWED = ("untrusted_code", "not_granted")
"""Codes of CapabilityErrors that say that an option is missing, not that a run failed."""


def guarded(function: Callable[..., int]) -> Callable[..., None]:
    """Return the function with its errors told; it ends with its exit code."""

    @functools.wraps(function)
    def command(**options: Any) -> None:
        raise typer.Exit(_run(function, options))

    return command


def _run(function: Callable[..., int], options: dict[str, Any]) -> int:
    try:
        return function(**options)
    except BrokenPipeError:
        drop_output()
        return UNREAD
    except (RemoteMediaError, OSError, UnicodeDecodeError) as error:
        _explain(options, error)
        return BAD_INPUT if _is_bad_input(error) else FAILED
    except SystemExit as end:
        # A node's own: it must not end the run with the exit code of a good one.
        tell(f"a node has ended the run: SystemExit: {end.code}")
        return FAILED
    except KeyboardInterrupt as interrupt:
        tell("; ".join(["interrupted", *getattr(interrupt, "__notes__", ())]))
        return INTERRUPTED


def _is_bad_input(error: Exception) -> bool:
    if isinstance(error, CapabilityError):
        return error.code in _NOT_ALLOWED
    return isinstance(error, _BAD_INPUT)


def _explain(options: dict[str, Any], error: Exception) -> None:
    tell(getattr(error, "traceback", None) or "", str(error))
    if options.get("as_json"):
        known = error if isinstance(error, RemoteMediaError) else RemoteMediaError(str(error))
        print_json({"error": known.to_wire()})
