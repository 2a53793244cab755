"""Reads manifests from files and text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from remotemedia._errors import ManifestError, RuntimeLoadError
from remotemedia._json_text import parse_json
from remotemedia._manifest import not_json

if TYPE_CHECKING:
    from os import PathLike


def read_json(source: str | PathLike[str]) -> Any:
    """Read a JSON file, or JSON text (which starts with a brace)."""
    try:
        return parse_json(_text(source))
    except ValueError as error:
        raise not_json(error) from error


def read_yaml(source: str | PathLike[str]) -> Any:
    """Read a YAML file, or YAML text (which has several lines)."""
    return parse_yaml(_text(source))


def _text(source: str | PathLike[str]) -> str:
    if isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{")):
        return source
    return Path(source).read_text(encoding="utf-8")


def parse_yaml(text: str) -> Any:
    """Parse YAML; raises RuntimeLoadError that names the extra if its package is missing."""
    try:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError
    except ImportError:
        message = "YAML needs ruamel.yaml: pip install 'remotemedia[yaml]'"
        raise RuntimeLoadError(message) from None
    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        message = f"the manifest is not YAML: {error}"
        raise ManifestError([], message) from error
