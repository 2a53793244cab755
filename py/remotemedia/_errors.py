"""The errors of RemoteMedia: one tree, with the same names and codes in every language.

RemoteMediaError            everything that RemoteMedia refuses or that fails in a run
├── ManifestError           the manifest is wrong; `issues` lists all problems at once
├── PackageError            a bundle is refused; `code` names the refusal
├── RuntimeLoadError        a runtime, a module or a package that the run needs cannot be loaded
├── NodeError               a node failed, or gave or got a value that cannot cross a boundary
├── NodeTimeoutError        a call of a node took longer than its `timeout_ms`
├── CancelledError          the run was cancelled
├── CircuitOpenError        a node failed too often in a row and is not called for a while
├── CapabilityError         the host lacks something that was asked for (numpy, a device, async)
├── ClosedError             something was used after it was closed
└── PacketError             bytes that are not a packet; `path` names the field
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple


class Issue(NamedTuple):
    """One problem of a manifest. `severity` is "error" or "warning"."""

    code: str
    path: str
    message: str
    severity: str = "error"
    expected: Any = None
    actual: Any = None


class RemoteMediaError(Exception):
    """Base of all errors; the fields that say where it happened are None when unknown.

    `item_index` is the round, None in flush. `round` and `order` are what a host compares to find
    the smallest of several errors.
    """

    default_code: ClassVar[str] = "remotemedia_error"

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        node_id: str | None = None,
        node_type: str | None = None,
        runtime: str | None = None,
        item_index: int | None = None,
        path: str | None = None,
        traceback: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.node_id = node_id
        self.node_type = node_type
        self.runtime = runtime
        self.item_index = item_index
        self.path = path
        self.traceback = traceback
        self.round: int | None = None
        self.order: int | None = None
        self.delivered: dict[str, list[Any]] | None = None
        """What the sinks gave in the rounds before, if a run failed."""

    def __str__(self) -> str:
        """Message, then where it happened."""
        where = [f"at {self.path}"] if self.path else []
        if self.node_id is not None:
            kind = f" ({self.node_type})" if self.node_type else ""
            where.append(f"node {self.node_id!r}{kind}")
        if self.item_index is not None:
            where.append(f"item {self.item_index}")
        return f"{self.message} [{', '.join(where)}]" if where else self.message

    def to_wire(self) -> dict[str, Any]:
        """Return the shape in which errors cross workers and runtimes."""
        return {
            "name": type(self).__name__,
            "code": self.code,
            "message": self.message,
            "node_id": self.node_id,
            "node_type": self.node_type,
            "runtime": self.runtime,
            "item_index": self.item_index,
            "path": self.path,
            "traceback": self.traceback,
            "issues": None,
            "round": self.round,
            "order": self.order,
        }


class ManifestError(RemoteMediaError):
    """The manifest is wrong; `issues` lists all problems, warnings included."""

    default_code = "manifest_error"

    def __init__(self, issues: list[Issue], message: str | None = None) -> None:
        self.issues = issues
        errors = [issue for issue in issues if issue.severity == "error"]
        lines = [f"{issue.path}: {issue.message} ({issue.code})" for issue in errors]
        super().__init__("\n".join([message or "the manifest is not valid", *lines]))

    def to_wire(self) -> dict[str, Any]:
        """Return the wire shape, with the issues."""
        return super().to_wire() | {"issues": [issue._asdict() for issue in self.issues]}


class PackageError(RemoteMediaError):
    """A bundle is refused; `code` names the refusal, `path` the entry."""

    default_code = "package_error"


class RuntimeLoadError(RemoteMediaError):
    """A runtime, a module or a package that the run needs cannot be loaded."""

    default_code = "runtime_load_error"


class NodeError(RemoteMediaError):
    """A node failed, or gave or got a value that cannot cross a boundary.

    `code` is "unrepresentable_value" in the latter case and `path` leads into the value.
    """

    default_code = "node_error"


class NodeTimeoutError(RemoteMediaError):
    """A call of a node took longer than its `timeout_ms`."""

    default_code = "node_timeout"


class CancelledError(RemoteMediaError):
    """The run was cancelled."""

    default_code = "cancelled"


class CircuitOpenError(RemoteMediaError):
    """A node failed too often in a row and is not called for a while."""

    default_code = "circuit_open"


class CapabilityError(RemoteMediaError):
    """The host lacks something that was asked for."""

    default_code = "capability_error"


class ClosedError(RemoteMediaError):
    """Something was used after it was closed."""

    default_code = "closed"


class PacketError(RemoteMediaError):
    """Bytes that are not a packet; `path` names the field."""

    default_code = "bad_packet"


class FallbackWarning(RuntimeWarning):
    """The Rust runtime cannot be loaded, so the whole pipeline runs in Python."""


class ManifestWarning(UserWarning):
    """A manifest has a field that means nothing; `issue` is what validation says of it."""

    def __init__(self, message: str, issue: Issue | None = None) -> None:
        super().__init__(message)
        self.issue = issue


_TREE: list[type[RemoteMediaError]] = [RemoteMediaError, *RemoteMediaError.__subclasses__()]
_CLASSES = {cls.__name__: cls for cls in _TREE}


def from_wire(wire: dict[str, Any]) -> RemoteMediaError:
    """Rebuild the error that `to_wire` described, as the same class."""
    cls = _CLASSES.get(str(wire.get("name")), RemoteMediaError)
    error: RemoteMediaError
    if cls is ManifestError:
        error = ManifestError([Issue(**issue) for issue in wire.get("issues") or []])
        error.message = str(wire.get("message", ""))
    else:
        error = cls(str(wire.get("message", "")))
    error.code = wire.get("code") or cls.default_code
    for field in ("node_id", "node_type", "runtime", "item_index", "path", "traceback"):
        setattr(error, field, wire.get(field))
    error.round = wire.get("round")
    error.order = wire.get("order")
    return error
