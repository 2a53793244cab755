"""What a node is in Python: a class with declared params and up to four verbs."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, overload

from remotemedia._compose import Composable, at_port
from remotemedia._declaration import (
    check_ports,
    declared_by,
    declared_by_function,
    requirements,
    unknown_argument,
    words,
)
from remotemedia._errors import ManifestError
from remotemedia._params import check_params

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Literal, Self

    from remotemedia._compose import Flow
    from remotemedia._param import ParamSpec


class Out(NamedTuple):
    """An output for a port that is not `out`, or the output None: `return Out("rest", value)`."""

    port: str
    value: Any


class Node(Composable):
    """Base of all nodes written in Python.

    A subclass declares its params as annotated fields and implements `process`, and where needed
    `init`, `flush` and `close`. `process` and `flush` give outputs: None is nothing; a generator or
    an async generator yields several; a list is one item; `Out(port, value)` goes to a port, any
    other value to `out`. These two may be `async def`, `init` and `close` may not. Arrays arrive
    read-only; a node does not change its input. State belongs into the instance and is made in
    `init`; it lives for one run.

        class ScaleNode(Node, category="math"):
            '''Multiplies numbers by a factor.'''

            factor: float = Param(2.0, doc="What to multiply by.", aliases=["multiplier"])

            def process(self, item: float) -> float:
                return item * self.factor

    A field is a param if it is annotated, its name does not begin with an underscore, and it is no
    ClassVar; a plain default or none at all will do: `factor: float = 2.0`, `factor: float`.

    Class arguments: `type` (the class's name if left out), `aliases`, `category`, `requires`
    (Python packages such as "numpy" or "numpy>=2"), `stateful`. Mistakes of the declaration are a
    TypeError when the class is made.
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
    runtime: ClassVar[str] = "python"
    """Which runtime implements it; what is written here is in Python."""
    declared: ClassVar[dict[str, ParamSpec]] = {}
    _bundle_root: ClassVar[str | None] = None

    name: str = ""
    """The name given to the constructor, else the type."""

    def __init_subclass__(
        cls,
        *,
        type: str | None = None,  # noqa: A002 - the word of the catalog
        aliases: Sequence[str] = (),
        category: str | None = None,
        requires: Sequence[str] | None = None,
        stateful: bool | None = None,
        **others: Any,
    ) -> None:
        super().__init_subclass__()
        for other in others:
            raise unknown_argument(cls, other, CLASS_ARGUMENTS)
        cls.type_name = type or cls.__name__
        cls.aliases = words(cls, "aliases", aliases)
        if category is not None:
            cls.category = category
        if requires is not None:
            cls.requires = requirements(cls, requires)
        if stateful is not None:
            cls.stateful = stateful
        check_ports(cls)
        own = declared_by(cls, RESERVED)
        for name in own.keys() & vars(cls).keys():
            delattr(cls, name)
        cls.declared = {**cls.declared, **own}

    def __init__(self, *, name: str | None = None, **params: Any) -> None:
        """Take params as keywords; raises ManifestError that lists everything wrong with them."""
        if type(self).process is Node.process:
            message = f"{type(self).__qualname__} has no method `process(self, item)`"
            raise TypeError(message)
        complete, issues = check_params(self.schema(), params, "$.params")
        if issues:
            raise ManifestError(issues, f"{self.type_name} does not take these params")
        self.id: str = name or self.type_name
        """The node's id in the manifest."""
        self.name = self.id
        self.params: dict[str, Any] = deepcopy(complete)  # a node may change its own lists
        self.node_fields: dict[str, Any] = {}
        """What the manifest says of the node beside its params: see `configure`."""
        for key, spec in self.declared.items():
            setattr(self, key, self.params.get(key, spec.default))

    def configure(
        self,
        *,
        timeout_ms: float | None = None,
        on_error: Literal["fail", "skip"] | None = None,
        retry: Mapping[str, float] | None = None,
        runtime_hint: Literal["auto", "rust", "python", "js"] | None = None,
    ) -> Self:
        """Set what a manifest may say of a node beside its params; returns the node.

        `timeout_ms` is the longest a call may take; `on_error` "skip" leaves failed calls out;
        `retry` makes them again (`max_retries`, `base_delay_ms`, `max_delay_ms`, `multiplier`);
        `runtime_hint` is where the node runs. Raises ManifestError.
        """
        from remotemedia._manifest import check_node_fields

        fields = {
            "runtime_hint": runtime_hint,
            "timeout_ms": timeout_ms,
            "on_error": on_error,
            "retry": None if retry is None else dict(retry),
        }
        given = {key: value for key, value in fields.items() if value is not None}
        issues = check_node_fields(given)
        if issues:
            raise ManifestError(issues, f"{self.type_name} cannot be configured like this")
        self.node_fields |= given
        return self

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

        It is for reading only. Raises PermissionError for what is not in `models/` or `assets/`,
        FileNotFoundError for a node that is in no bundle.
        """
        from remotemedia._bundle_files import bundle_path

        return bundle_path(self._bundle_root, name, self.type_name)

    def close(self) -> None:
        """Release what `init` took. Runs exactly once, also after an error."""

    def __getitem__(self, port: str) -> Flow:
        """Return the node at one of its ports: `a["rest"] >> b["left"]`; raises ValueError."""
        return at_port(self, port)

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
            "runtime": cls.runtime,
            "stateful": cls.stateful,
            "requires": list(cls.requires),
        }

    def __repr__(self) -> str:
        """Type and params."""
        return f"{self.type_name}({', '.join(f'{k}={v!r}' for k, v in self.params.items())})"


CLASS_ARGUMENTS = ["type", "aliases", "category", "requires", "stateful"]

RESERVED = frozenset({*dir(Node), "node_fields", "id", "params"})
"""Names that no param can have."""


@overload
def node(function: Callable[..., Any], /) -> type[Node]: ...


@overload
def node(
    *,
    type: str | None = None,
    aliases: Sequence[str] = (),
    category: str | None = None,
    requires: Sequence[str] | None = None,
    stateful: bool | None = None,
    inputs: Mapping[str, Sequence[str]] | None = None,
    outputs: Mapping[str, Sequence[str]] | None = None,
) -> Callable[[Callable[..., Any]], type[Node]]: ...


def node(
    function: Callable[..., Any] | None = None,
    /,
    *,
    type: str | None = None,  # noqa: A002 - the word of the catalog
    inputs: Mapping[str, Sequence[str]] | None = None,
    outputs: Mapping[str, Sequence[str]] | None = None,
    **options: Any,
) -> Any:
    """Make a node class of a function: its first argument is the item, the others are params.

        @node
        def clamp(item: float, low: float = 0.0, high: float = 1.0) -> float:
            return min(max(item, low), high)

    The params' types and defaults are those of the signature; a default may be a `Param(...)`. The
    function may be async, a generator or an async generator. `type`, the class arguments of `Node`
    and its ports may be given: `@node(type="ClampNode", outputs={"out": ["number"]})`.
    """
    if function is None:
        return lambda function: _node_of(function, type, inputs, outputs, options)
    return _node_of(function, type, inputs, outputs, options)


def _node_of(
    function: Callable[..., Any],
    type_name: str | None,
    inputs: Mapping[str, Sequence[str]] | None,
    outputs: Mapping[str, Sequence[str]] | None,
    options: dict[str, Any],
) -> type[Node]:
    declared = declared_by_function(function, RESERVED)

    def process(self: Node, item: Any) -> Any:
        params = {key: self.params.get(key, spec.default) for key, spec in self.declared.items()}
        return function(item, **params)

    own: Any = process
    own.__wrapped__ = function  # which may be async
    own.__signature__ = None  # its arguments are its own, not the function's
    body: dict[str, Any] = {
        "process": process,
        "__doc__": function.__doc__,
        "__module__": function.__module__,
        "__qualname__": function.__qualname__,
    }
    for word, ports in (("inputs", inputs), ("outputs", outputs)):
        if ports is not None:
            body[word] = {port: tuple(kinds) for port, kinds in ports.items()}
    cls = types_new_class(type_name or function.__name__, body, options)
    cls.declared = declared
    return cls


def types_new_class(name: str, body: dict[str, Any], options: dict[str, Any]) -> type[Node]:
    """Make a subclass of Node."""
    import types

    return types.new_class(name, (Node,), options, lambda namespace: namespace.update(body))
