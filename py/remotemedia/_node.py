"""What a node is in Python: a class with declared params and up to four verbs."""

from __future__ import annotations

import typing
from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from remotemedia._errors import ManifestError
from remotemedia._param import ParamSpec
from remotemedia._params import check_params

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Out(NamedTuple):
    """An output for a port that is not `out`, or the output None: `return Out("rest", value)`."""

    port: str
    value: Any


class Node:
    """Base of all nodes written in Python.

    A subclass declares its params as annotated fields and implements `process`, and where needed
    `init`, `flush` and `close`. `process` and `flush` give outputs: None is nothing; a generator or
    an async generator yields several; a list is one item; `Out(port, value)` goes to a port, any
    other value to `out`. These two may be `async def`, `init` and `close` may not. Arrays arrive
    read-only; a node does not change its input. State belongs into the instance and is made in
    `init`; it lives for one run.

        class ScaleNode(Node, category="math"):
            '''Multiplies numbers by a factor.'''

            factor: float = Param(2.0, doc="what to multiply by", aliases=("multiplier",))

            def process(self, item):
                return item * self.factor

    Class arguments: `type` (the class's name if left out), `aliases`, `category`, `requires` (names
    of Python packages), `stateful`.
    """

    type_name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    category: ClassVar[str] = "custom"
    requires: ClassVar[tuple[str, ...]] = ()
    stateful: ClassVar[bool] = False
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"in": ("any",)}
    """Input ports and the kinds of values they take; a node without any generates, see `process`.

    A port `$name` stands for the ports that the param `name`, a list of strings, names.
    """
    outputs: ClassVar[dict[str, tuple[str, ...]]] = {"out": ("any",)}
    """Output ports and the kinds of values they give."""
    declared: ClassVar[dict[str, ParamSpec]] = {}
    _bundle_root: ClassVar[str | None] = None

    id: str
    """The node's id in the manifest."""

    def __init_subclass__(
        cls,
        *,
        type: str | None = None,  # noqa: A002 - the word of the catalog
        aliases: tuple[str, ...] = (),
        category: str | None = None,
        requires: tuple[str, ...] | None = None,
        stateful: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        cls.type_name = type or cls.__name__
        cls.aliases = aliases
        if category is not None:
            cls.category = category
        if requires is not None:
            cls.requires = requires
        if stateful is not None:
            cls.stateful = stateful
        own = {name: value for name, value in vars(cls).items() if isinstance(value, ParamSpec)}
        if own:
            annotations = typing.get_type_hints(cls)
            for name, spec in own.items():
                spec.annotation = annotations.get(name, Any)
                delattr(cls, name)
            cls.declared = {**cls.declared, **own}

    def __init__(self, *, name: str | None = None, **params: Any) -> None:
        """Take params as keywords; raises ManifestError that lists everything wrong with them."""
        complete, issues = check_params(self.schema(), params, "$.params")
        if issues:
            raise ManifestError(issues, f"{self.type_name} does not take these params")
        self.id = self.name = name or self.type_name
        self.params = deepcopy(complete)  # a node may change its own lists
        for key, spec in self.declared.items():
            setattr(self, key, self.params.get(key, spec.default))

    def init(self) -> None:
        """Prepare for a run; params are attributes by now."""

    def process(self, *args: Any, **kwargs: Any) -> Any:
        """Process one item: `process(self, item)`.

        A node with several input ports takes `(self, item, port)`. A generating source, which has
        `inputs = {}`, takes nothing and is called once; each round takes what it yields next.
        """
        raise NotImplementedError

    def flush(self) -> Any:
        """Give what is left at the end of the stream."""

    def bundle_file(self, name: str) -> Path:
        """Return the path of a file of the bundle that the node is in: `models/net.bin`.

        Raises FileNotFoundError for a node that is in none.
        """
        if self._bundle_root is None:
            message = f"{self.type_name} is in no bundle that could have {name}"
            raise FileNotFoundError(message)
        from pathlib import Path

        return Path(self._bundle_root, name)

    def close(self) -> None:
        """Release what `init` took. Runs exactly once, also after an error."""

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of the params."""
        return {
            "type": "object",
            "additionalProperties": False,
            "required": [name for name, spec in cls.declared.items() if spec.required],
            "properties": {name: spec.schema() for name, spec in cls.declared.items()},
        }

    @classmethod
    def entry(cls) -> dict[str, Any]:
        """Return the catalog entry."""
        return {
            "type": cls.type_name,
            "aliases": list(cls.aliases),
            "summary": (cls.__doc__ or "").strip().partition("\n")[0],
            "category": cls.category,
            "params": cls.schema(),
            "inputs": {port: {"kinds": list(kinds)} for port, kinds in cls.inputs.items()},
            "outputs": {port: {"kinds": list(kinds)} for port, kinds in cls.outputs.items()},
            "runtime": "python",
            "stateful": cls.stateful,
            "requires": list(cls.requires),
        }

    def __repr__(self) -> str:
        """Type and params."""
        return f"{self.type_name}({', '.join(f'{k}={v!r}' for k, v in self.params.items())})"


def node(
    function: Callable[..., Any] | None = None,
    *,
    type: str | None = None,  # noqa: A002 - the word of the catalog
    **options: Any,
) -> Any:
    """Make a node class of a function: its first argument is the item, the others are params.

        @node
        def clamp(item, low: float = 0.0, high: float = 1.0):
            return min(max(item, low), high)

    The params' types and defaults are those of the signature; a default may be a `Param(...)`.
    `type` and the class arguments of `Node` may be given: `@node(type="ClampNode")`.
    """
    if function is None:
        return lambda function: node(function, type=type, **options)
    import inspect

    from remotemedia._param import Param

    _, *arguments = inspect.signature(function).parameters.values()
    fields: dict[str, Any] = {
        argument.name: argument.default
        if isinstance(argument.default, ParamSpec)
        else Param(**({} if argument.default is argument.empty else {"default": argument.default}))
        for argument in arguments
    }
    annotations = typing.get_type_hints(function)

    def process(self: Node, item: Any) -> Any:
        params = {key: self.params.get(key, spec.default) for key, spec in self.declared.items()}
        return function(item, **params)

    own: Any = process
    own.__signature__ = inspect.signature(process)  # two arguments, other than the function
    own.__wrapped__ = function  # which may be async
    body = {
        **fields,
        "process": process,
        "__doc__": function.__doc__,
        "__module__": function.__module__,
        "__annotations__": {name: annotations.get(name, Any) for name in fields},
    }
    return types_new_class(type or function.__name__, body, options)


def types_new_class(name: str, body: dict[str, Any], options: dict[str, Any]) -> type[Node]:
    """Make a subclass of Node."""
    import types

    return types.new_class(name, (Node,), options, lambda namespace: namespace.update(body))
