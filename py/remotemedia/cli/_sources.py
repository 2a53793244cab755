"""What commands take as a pipeline and as input."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from remotemedia._json_form import JsonFormError, from_json_form
from remotemedia._json_text import parse_json
from remotemedia._pipeline import Pipeline

if TYPE_CHECKING:
    import argparse


def declare_pipeline(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that name a pipeline."""
    parser.add_argument("pipeline", metavar="PIPELINE", help="a .rmpkg bundle, .json or .yaml file")
    parser.add_argument(
        "--runtime", default="auto", choices=["auto", "rust", "python"], help="where nodes run"
    )


def read_pipeline(options: argparse.Namespace, **more: Any) -> Pipeline:
    """Make the pipeline that the arguments name."""
    path = Path(options.pipeline)
    more["runtime_hint"] = options.runtime
    if path.suffix == ".rmpkg":
        return Pipeline.from_package(path, **more)
    if path.suffix in (".yaml", ".yml"):
        return Pipeline.from_yaml(path, **more)
    return Pipeline.from_json(path, **more)


def read_input(text: str) -> Any:
    """Return the input: JSON, `@file.json`, or the bytes of any other `@file`."""
    if text.startswith("@"):
        path = Path(text[1:])
        if path.suffix != ".json":
            return [path.read_bytes()]
        text = path.read_text(encoding="utf-8")
    try:
        form = parse_json(text)
    except ValueError as error:
        message = f"the input is not JSON: {error}"
        raise JsonFormError(message) from None
    return from_json_form(form)
