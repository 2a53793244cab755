"""Validates a pipeline and tells where its nodes would run."""

from __future__ import annotations

import json
import sys
import warnings
from typing import TYPE_CHECKING, Any

from remotemedia._errors import Issue, ManifestError, ManifestWarning
from remotemedia.cli._sources import declare_pipeline, read_pipeline

if TYPE_CHECKING:
    import argparse


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    declare_pipeline(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(options: argparse.Namespace) -> int:
    """Validate."""
    pipeline = read_pipeline(options)
    issues: list[Issue] = []
    places: dict[str, str] = {}
    valid = True
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            plan = pipeline.plan()
    except ManifestError as error:
        issues, valid = error.issues, False
        if not issues:
            raise
    else:
        told = [warning.message for warning in caught]
        issues = [w.issue for w in told if isinstance(w, ManifestWarning) and w.issue]
        for other in told:
            if getattr(other, "issue", None) is None:
                warnings.warn(other, stacklevel=1)
        places = {
            node["id"]: segment["place"]
            for segment in plan["segments"]
            for node in segment["nodes"]
            if "order" in node
        }
    if options.json:
        _print({"valid": valid, "issues": [i._asdict() for i in issues], "places": places})
    for issue in () if options.json else issues:
        print(f"{issue.severity}: {issue.path}: {issue.message} ({issue.code})", file=sys.stderr)
    for name, place in () if options.json else places.items():
        print(f"{name}: {place}")
    return 0 if valid else 2


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False))
