"""Reads the params that a class of nodes declares, and says what an author got wrong.

Everything here raises TypeError when the class is made, so that no mistake waits for a run.
"""

from __future__ import annotations

import json
import re
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from remotemedia._param import MISSING, ParamSpec, allows_none
from remotemedia._params import check_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

KINDS = frozenset(
    {"any", "null", "bool", "number", "string", "list", "map", "bytes", "tensor", "audio"}
)
"""Kinds of values that ports name."""

_CLASS_VARIABLE = re.compile(r"^(typing\.|t\.)?(ClassVar|Final)\b")
_VERSIONS = r"(===?|!=|<=|>=|<|>|~=)\s*[0-9A-Za-z.*+!-]+"
_REQUIREMENT = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]*\s*({_VERSIONS}(\s*,\s*{_VERSIONS})*)?")


def declared_by(cls: type, known: Iterable[str]) -> dict[str, ParamSpec]:
    """Return the params that the body of a class declares; `known` are names of every node.

    A param is an annotated field whose name does not begin with an underscore and that is no
    ClassVar, with a `Param(...)`, a plain default or nothing. Those with a value lose it, because
    an instance has its own.
    """
    body, annotations = vars(cls), _annotations(cls)
    for name, value in body.items():
        if isinstance(value, ParamSpec) and name not in annotations:
            _wrong(cls, name, f"a param needs a type, such as `{name}: float = Param(...)`")
        if name not in annotations and isinstance(value, (list, set, dict, bytearray)):
            _no_shared_state(cls, name)
    found = {}
    for name, annotation in annotations.items():
        value = body.get(name, MISSING)
        if not isinstance(value, ParamSpec):
            if name.startswith("_") or _is_class_variable(annotation):
                continue
            value = ParamSpec(value)
        found[name] = _finished(cls, name, value, annotation, known)
    return found


def declared_by_function(
    function: Callable[..., Any], known: Iterable[str]
) -> dict[str, ParamSpec]:
    """Return the params that the signature of a function declares: all arguments but the first."""
    import inspect

    where = function.__qualname__
    arguments = [*_signature(function).parameters.values()]
    kinds = [inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD]
    if not arguments or arguments[0].kind not in kinds:
        message = f"{where}: the first argument of a node's function is the item"
        raise TypeError(message)
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    declared = {}
    for argument in arguments[1:]:
        name, default = argument.name, argument.default
        problem = None
        if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
            problem = f"params are named one by one, not {argument}"
        elif argument.annotation is argument.empty:
            problem = f"a param needs a type, such as `{name}: float`"
        elif name in known:
            problem = f"a param cannot be called {name!r}, which every node has"
        if problem:
            message = f"{where}.{name}: {problem}"
            raise TypeError(message)
        if not isinstance(default, ParamSpec):
            default = ParamSpec(MISSING if default is argument.empty else default)
        declared[name] = finish(where, name, default, argument.annotation, scope)
    return declared


def _signature(function: Callable[..., Any]) -> Any:
    """Return the signature; its annotations need not be known names."""
    import inspect

    if sys.version_info < (3, 14):
        return inspect.signature(function)
    late: Any = import_module("annotationlib").Format.FORWARDREF
    return inspect.signature(function, annotation_format=late)


def finish(
    where: str, name: str, spec: ParamSpec, annotation: Any, scope: dict[str, Any]
) -> ParamSpec:
    """Give a param the type of its annotation, and check the default; raises TypeError."""
    label = f"{where}.{name}"
    spec.annotation = _resolved(label, annotation, scope)
    try:
        schema = spec.schema()
    except TypeError as error:
        message = f"{label}: {error}. What is no param is made in `init`, or is a ClassVar"
        raise TypeError(message) from None
    if spec.default is None and not allows_none(spec.annotation):
        message = f"{label}: the default None needs a type with `| None`"
        raise TypeError(message)
    if "default" in schema:
        _check_default(label, schema)
    return spec


def _finished(
    cls: type, name: str, spec: ParamSpec, annotation: Any, known: Iterable[str]
) -> ParamSpec:
    if name in known:
        _wrong(cls, name, f"a param cannot be called {name!r}, which every node has")
    module = sys.modules.get(cls.__module__)
    scope = {**vars(module), **vars(cls)} if module else dict(vars(cls))
    return finish(cls.__qualname__, name, spec, annotation, scope)


def _check_default(label: str, schema: dict[str, Any]) -> None:
    default = schema["default"]
    try:
        json.dumps(default, allow_nan=False)
    except (TypeError, ValueError) as error:
        message = f"{label}: the default {default!r} is not JSON: {error}"
        raise TypeError(message) from None
    _, issues = check_value(schema, default, "")
    if issues:
        found = "; ".join(f"{issue.path} {issue.message}".strip() for issue in issues)
        message = f"{label}: the default {default!r} is refused: {found}"
        raise TypeError(message)


def check_ports(cls: Any) -> None:
    """Check the form of `inputs` and `outputs`; raises TypeError."""
    for name in ("inputs", "outputs"):
        if name not in vars(cls):
            continue
        ports = getattr(cls, name)
        if not isinstance(ports, dict):
            example = f'{name} = {{"left": ("any",), "right": ("any",)}}'
            _wrong(cls, name, f"ports are a dict, such as `{example}`")
        for port, kinds in ports.items():
            unknown = {kinds} if isinstance(kinds, str) else set(kinds) - KINDS
            if unknown or not kinds:
                _wrong(cls, f"{name}[{port!r}]", f"kinds are a tuple of {', '.join(sorted(KINDS))}")


def words(cls: type, name: str, given: Any) -> tuple[str, ...]:
    """Return a class argument that is a list or tuple of strings; raises TypeError."""
    if isinstance(given, str) or not all(isinstance(word, str) for word in given):
        _wrong(cls, name, f"must be a list of strings, such as {name}=[{given!r}]")
    return tuple(given)


def requirements(cls: type, given: Any) -> tuple[str, ...]:
    """Return the packages that a class requires, each a name with or without versions."""
    found = words(cls, "requires", given)
    for each in found:
        if not _REQUIREMENT.fullmatch(each.strip()):
            _wrong(cls, "requires", f"{each!r} is not like 'numpy' or 'numpy>=2,<3'")
    return tuple(each.replace(" ", "") for each in found)


def unknown_argument(cls: type, name: str, possible: list[str]) -> TypeError:
    """Return the error of a class argument that does not exist."""
    import difflib

    near = difflib.get_close_matches(name, possible, 1)
    hint = f": did you mean {near[0]}?" if near else ""
    return TypeError(
        f"{cls.__qualname__}: no class argument {name!r}, only {', '.join(possible)}{hint}"
    )


def _annotations(cls: type) -> dict[str, Any]:
    """Return the annotations of the class body; they need not be known names."""
    try:
        return dict(cls.__annotations__) if "__annotations__" in _names(cls) else {}
    except NameError:  # from Python 3.14 on they are looked up now
        library = import_module("annotationlib")
        found: dict[str, Any] = library.get_annotations(cls, format=library.Format.FORWARDREF)
        return found


def _names(cls: type) -> set[str]:
    names = set(vars(cls))
    late = names & {"__annotate__", "__annotate_func__", "__annotations_cache__"}
    return names | ({"__annotations__"} if late else set())


def _resolved(label: str, annotation: Any, scope: dict[str, Any]) -> Any:
    text = getattr(annotation, "__forward_arg__", annotation)
    if not isinstance(text, str):
        return annotation
    try:
        return eval(text, scope)  # noqa: S307 - what Python itself does with it
    except NameError as error:
        message = f"{label}: {error.args[0]} when it runs: import it outside of TYPE_CHECKING"
        raise TypeError(message) from None


def _is_class_variable(annotation: Any) -> bool:
    text = getattr(annotation, "__forward_arg__", annotation)
    return bool(_CLASS_VARIABLE.match(text if isinstance(text, str) else str(annotation)))


def _no_shared_state(cls: type, name: str) -> None:
    if name in ("inputs", "outputs") or name.startswith("__") or name.isupper():
        return
    _wrong(
        cls,
        name,
        "all nodes of the class would share this value: make it in `init`, "
        f"or write {name.upper()} or ClassVar if it is a constant",
    )


def _wrong(cls: type, name: str, problem: str) -> None:
    message = f"{cls.__qualname__}.{name}: {problem}"
    raise TypeError(message)
