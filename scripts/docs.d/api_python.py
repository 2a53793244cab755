"""Prints the reference of the Python package as JSON: `{"page": Markdown, "names": [name, ...]}`.

    usage: python api_python.py

It says what the docstrings and signatures of the public names say: those in the `__all__` of the
public modules.
"""

import importlib
import inspect
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

INTRODUCTION = """# Python reference
The public names of the package `remotemedia`, from their docstrings. How it is used:
[Python](../python.md), [streams](../streams.md), [values](../values.md), [errors](../errors.md).
"""

MODULES = {
    "remotemedia": "Imported at the first use of a name, so that `import remotemedia` is light.",
    "remotemedia.testing": "For the tests of your own nodes.",
    "remotemedia.nodes": "The built-in nodes; what each does stands on [its page](../nodes.md).",
}


def main() -> None:
    """Print the reference."""
    page, names = [INTRODUCTION], []
    for module_name, what in MODULES.items():
        module = importlib.import_module(module_name)
        page.append(f"## Module `{module_name}`\n{what}\n")
        for name in sorted(module.__all__):
            names.append(f"{module_name}.{name}")
            page.append(section(module_name, name, getattr(module, name)))
    json.dump({"page": "\n".join(page), "names": names}, sys.stdout)


def section(module: str, name: str, value: Any) -> str:
    """Describe one public name."""
    title = f"### `{name}`\n"
    if module == "remotemedia.nodes":
        summary = documentation(value).partition("\n")[0]
        return f"{title}`{name}{signature(value)}`\n\n{summary}\n"
    if inspect.isclass(value):
        return title + class_section(name, value)
    return f"{title}```python\n{name}{signature(value)}\n```\n{documentation(value)}\n"


def class_section(name: str, value: type) -> str:
    """Describe a class with its public members."""
    bases = [base.__name__ for base in value.__bases__ if base is not object]
    head = f"class {name}({', '.join(bases)})" if bases else f"class {name}"
    is_as_base = issubclass(value, Warning) or (
        bases and not {"__init__", "__new__"} & vars(value).keys()
    )
    constructor = "" if is_as_base else f"\n{name}{signature(value)}"
    lines = [f"```python\n{head}{constructor}\n```", documentation(value), ""]
    lines += [f"- {line}" for line in members(value)]
    return "\n".join(lines) + "\n"


def members(value: type) -> Iterator[str]:
    """Describe the public methods, properties and fields that a class or a private base has."""
    seen = set()
    for owner in value.__mro__:
        if not owner.__module__.startswith("remotemedia"):
            continue
        if owner is not value and not owner.__name__.startswith("_"):
            continue
        for name, member in vars(owner).items():
            if name.startswith("_") or name in seen:
                continue
            seen.add(name)
            yield from member_line(owner, name, member)
        for name, kind in inspect.get_annotations(owner).items():
            if not name.startswith("_") and name not in seen:
                seen.add(name)
                yield f"`{name}: {kind}`"


def member_line(owner: type, name: str, member: Any) -> Iterator[str]:
    """Describe one member, if it is documented or a plain value."""
    text = re.sub(r"\s*\n\s*", " ", documentation(getattr(member, "__func__", member)))
    if isinstance(member, property):
        yield f"`{name}` (read-only): {text}"
    elif isinstance(member, (classmethod, staticmethod)) or inspect.isfunction(member):
        is_async = "async " if inspect.iscoroutinefunction(member) else ""
        prefix = f"{owner.__name__}." if isinstance(member, (classmethod, staticmethod)) else ""
        yield f"`{is_async}{prefix}{name}{signature(getattr(owner, name))}`: {text}"
    elif inspect.ismemberdescriptor(member):
        yield f"`{name}`"
    elif not callable(member) and type(member).__module__ == "builtins":
        yield f"`{name} = {member!r}`"


class Written:
    """An annotation that is shown as it was written, without the quotes of a string."""

    def __init__(self, annotation: Any) -> None:
        self.text = getattr(annotation, "__forward_arg__", annotation)

    def __repr__(self) -> str:
        """Return the text, once more without quotes if the source had them."""
        is_text = isinstance(self.text, str)
        return self.text.strip("\"'") if is_text else inspect.formatannotation(self.text)


def signature(value: Any) -> str:
    """Return a signature without `self`, on one line; a default that has no notation is `…`."""
    try:
        found = inspect.signature(value)
    except ValueError:
        return "(…)"
    parameters = [
        each if each.annotation is each.empty else each.replace(annotation=Written(each.annotation))
        for each in found.parameters.values()
        if each.name != "self"
    ]
    result = found.return_annotation
    result = found.empty if result in {found.empty, None, "None"} else Written(result)
    text = str(found.replace(parameters=parameters, return_annotation=result))
    return re.sub(r"= (<[^>]*>|\w+\(file_bytes=.*?\))", "= …", text)


def documentation(value: Any) -> str:
    """Return a docstring with its lists of arguments, results and errors as Markdown."""
    text = inspect.getdoc(value) or ""
    return re.sub(
        r"^(Args|Returns|Yields|Raises|Example):\n", r"\n**\1.**\n", text, flags=re.MULTILINE
    )


if __name__ == "__main__":
    main()
