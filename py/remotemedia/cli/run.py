"""Runs a pipeline and prints what its sinks give, one JSON line each.

INPUT is JSON (a list is items, anything else one item), @FILE.json, or @FILE for the bytes of any
other file. With --json one object is printed: outputs (of a single sink), sinks, metrics, skipped
(failed calls that the manifest lets pass); or error.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from remotemedia._json_form import JsonFormError, to_json_form
from remotemedia.cli._sources import declare_pipeline, read_input, read_pipeline


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    declare_pipeline(parser)
    parser.add_argument("positional_input", metavar="INPUT", nargs="?", help="what to feed it")
    parser.add_argument("--input", metavar="INPUT", help="the same")
    parser.add_argument(
        "--source",
        metavar="ID=INPUT",
        action="append",
        type=_source,
        help="input of one source; may be repeated",
    )
    parser.add_argument(
        "--timeout-ms", metavar="N", type=_milliseconds, help="end the run after N milliseconds"
    )
    parser.add_argument("--trace", metavar="FILE", type=Path, help="write a trace for Perfetto")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(options: argparse.Namespace) -> int:
    """Run."""
    given = options.input if options.input is not None else options.positional_input
    if given is not None and options.source:
        message = "give either INPUT or --source, not both"
        raise JsonFormError(message)
    pipeline = read_pipeline(
        options, enable_metrics=options.json, enable_trace=options.trace is not None
    )
    shows = sys.stderr.isatty() and not options.json
    try:
        sinks = pipeline.run_sync(
            None if given is None else read_input(given),
            sources={name: _items(text) for name, text in options.source or ()} or None,
            by_sink=True,
            timeout_ms=options.timeout_ms,
            on_progress=_show if shows else None,
        )
    finally:
        if shows:
            sys.stderr.write("\r\x1b[K")
        if options.trace is not None:
            options.trace.write_text(json.dumps(pipeline.get_trace()), encoding="utf-8")
    forms = {name: [to_json_form(value) for value in values] for name, values in sinks.items()}
    if options.json:
        told = {"sinks": forms, "metrics": pipeline.get_metrics(), "skipped": pipeline.skipped}
        _print({**_single(forms), **told})
    elif len(forms) == 1:
        for form in next(iter(forms.values())):
            _print(form)
    else:
        for name, values in forms.items():
            _print({name: values})
    return 0


def _source(text: str) -> tuple[str, str]:
    name, equals, given = text.partition("=")
    if not name or not equals:
        message = f"{text!r} is not ID=INPUT"
        raise argparse.ArgumentTypeError(message)
    return name, given


def _milliseconds(text: str) -> float:
    value = float(text)
    if not value > 0:
        message = "must be > 0"
        raise argparse.ArgumentTypeError(message)
    return value


def _items(text: str) -> list[Any]:
    value = read_input(text)
    return value if isinstance(value, list) else [value]


def _show(event: dict[str, Any]) -> None:
    of = "" if event["total"] is None else f" of {event['total']}"
    sys.stderr.write(f"\r\x1b[K{event['phase']}: {event['loaded']}{of}")
    sys.stderr.flush()


def _single(forms: dict[str, list[Any]]) -> dict[str, Any]:
    return {"outputs": next(iter(forms.values()))} if len(forms) == 1 else {}


def _print(form: Any) -> None:
    json.dump(form, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
