"""Runs a pipeline and prints what its sinks give, one JSON line each.

INPUT is JSON (a list is items, anything else one item), @FILE.json, or @FILE for the bytes of any
other file. With --json one object is printed: outputs (of a single sink), sinks, metrics; or error.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from remotemedia._json_form import to_json_form
from remotemedia.cli._sources import declare_pipeline, read_input, read_pipeline

if TYPE_CHECKING:
    import argparse


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    declare_pipeline(parser)
    parser.add_argument("positional_input", metavar="INPUT", nargs="?", help="what to feed it")
    parser.add_argument("--input", metavar="INPUT", help="the same")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(options: argparse.Namespace) -> int:
    """Run."""
    given = options.input if options.input is not None else options.positional_input
    pipeline = read_pipeline(options, enable_metrics=options.json)
    input_data = None if given is None else read_input(given)
    sinks = pipeline.run_sync(input_data, by_sink=True)
    forms = {name: [to_json_form(value) for value in values] for name, values in sinks.items()}
    if options.json:
        _print({**_single(forms), "sinks": forms, "metrics": pipeline.get_metrics()})
    elif len(forms) == 1:
        for form in next(iter(forms.values())):
            _print(form)
    else:
        for name, values in forms.items():
            _print({name: values})
    return 0


def _single(forms: dict[str, list[Any]]) -> dict[str, Any]:
    return {"outputs": next(iter(forms.values()))} if len(forms) == 1 else {}


def _print(form: Any) -> None:
    json.dump(form, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
