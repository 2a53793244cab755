"""TextProcessorNode."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from remotemedia._errors import NodeError
from remotemedia._json_form import to_json_form
from remotemedia._node import Node
from remotemedia._param import Param

if TYPE_CHECKING:
    from collections.abc import Callable


def _word(text: str, index: int) -> str:
    words = text.split()
    return words[index] if words else ""


OPERATIONS: dict[str, Callable[[str], str | int]] = {
    "uppercase": str.upper,
    "lowercase": str.lower,
    "title_case": str.title,
    "reverse": lambda text: text[::-1],
    "word_count": lambda text: len(text.split()),
    "char_count": len,
    "remove_spaces": lambda text: text.replace(" ", ""),
    "first_word": lambda text: _word(text, 0),
    "last_word": lambda text: _word(text, -1),
}

_Operation = Literal[
    "uppercase",
    "lowercase",
    "title_case",
    "reverse",
    "word_count",
    "char_count",
    "remove_spaces",
    "first_word",
    "last_word",
]


class TextProcessorNode(Node, category="text"):
    """Applies text operations, those of the item or else those of the params."""

    outputs = {"out": ("map",)}

    operations: list[_Operation] = Param(
        ["uppercase"], doc="What to do with items that name no operations themselves."
    )

    def process(self, item: Any) -> dict[str, Any]:
        """Return `{"original_text", "operations", "results", "processed_by"}`."""
        operations: list[str] = list(self.operations)
        if isinstance(item, dict) and "text" in item:
            operations = item.get("operations", operations)
            item = item["text"]
        _check(operations)
        text = item if isinstance(item, str) else stringify(item)
        return {
            "original_text": text,
            "operations": operations,
            "results": {name: OPERATIONS[name](text) for name in operations},
            "processed_by": f"TextProcessorNode[{self.id}]",
        }


def _check(operations: Any) -> None:
    if not isinstance(operations, list):
        raise NodeError("operations must be a list")
    for name in operations:
        if not isinstance(name, str) or name not in OPERATIONS:
            message = f"unknown operation {name!r}; possible: {', '.join(OPERATIONS)}"
            raise NodeError(message)


def stringify(item: Any) -> str:
    """Return a value as JSON writes it, whole floats as integers."""
    return json.dumps(_plain(to_json_form(item)), ensure_ascii=False, separators=(",", ":"))


def _plain(form: Any) -> Any:
    if isinstance(form, float) and form.is_integer():
        return int(form)
    if isinstance(form, list):
        return [_plain(item) for item in form]
    if isinstance(form, dict):
        if [*form] == ["$number"] and form["$number"].lstrip("-").isdigit():
            return int(form["$number"])
        if [*form] == ["$map"]:  # its only key may look like a form
            return {"$map": {key: _plain(item) for key, item in form["$map"].items()}}
        return {key: _plain(item) for key, item in form.items()}
    return form
