"""What commands take as input."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from remotemedia._errors import NodeError
from remotemedia._json_form import JsonFormError, from_json_form
from remotemedia._json_text import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator

STDIN = "-"


def read_input(text: str, *, audio: bool = False) -> Any:
    """Return the input: JSON, `-` for JSON on stdin, `@file.json`, or any other `@file`.

    That gives one item: the bytes of the file, or with `audio` the audio of the WAV file.
    """
    if text == STDIN:
        return _parse(sys.stdin.read())
    if not text.startswith("@"):
        return _parse(text)
    path = Path(text[1:])
    if path.suffix == ".json":
        return _parse(path.read_text(encoding="utf-8"))
    content = path.read_bytes()
    return [_decode(path, content) if audio else content]


def read_items(text: str, *, audio: bool = False) -> list[Any]:
    """Return the input as a list of items."""
    value = read_input(text, audio=audio)
    return value if isinstance(value, list) else [value]


def is_wav(text: str) -> bool:
    """Tell whether an input is a WAV file by its name."""
    return text.startswith("@") and text.lower().endswith((".wav", ".wave"))


@contextmanager
def lines_of(text: str, *, raw: bool) -> Iterator[Iterator[Any]]:
    """Give the lines of stdin (`-`) or of `@file` as a stream of items.

    A line is JSON if it parses, else, and always if `raw`, a string.
    """
    if text == STDIN:
        yield _items(sys.stdin, raw=raw)
        return
    if not text.startswith("@"):
        message = "lines come from - (standard input) or from @FILE"
        raise JsonFormError(message)
    with Path(text[1:]).open(encoding="utf-8") as file:
        yield _items(file, raw=raw)


def _items(file: TextIO, *, raw: bool) -> Iterator[Any]:
    for line in file:
        text = line.removesuffix("\n")
        if raw:
            yield text
            continue
        try:
            form = parse_json(text)
        except ValueError:
            yield text
        else:
            yield from_json_form(form)


def _parse(text: str) -> Any:
    try:
        form = parse_json(text)
    except ValueError as error:
        message = f"the input is not JSON: {error}"
        raise JsonFormError(message) from None
    return from_json_form(form)


def _decode(path: Path, content: bytes) -> Any:
    from remotemedia._values import numpy

    numpy()  # says what to install if it is missing
    from remotemedia.nodes._wav import decode

    try:
        return decode(content)
    except NodeError as error:
        message = f"{path}: {error.message}"
        raise JsonFormError(message) from None
