"""Turns what a node raised into a NodeError whose traceback shows the node author's own lines."""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING

from remotemedia._errors import NodeError, RemoteMediaError
from remotemedia._values import UnrepresentableError

if TYPE_CHECKING:
    from traceback import FrameSummary

_PACKAGE = os.path.dirname(__file__) + os.sep  # noqa: PTH120 - pathlib would be imported for it
_EVENT_LOOP = os.path.join(os.path.dirname(os.__file__), "asyncio") + os.sep  # noqa: PTH118, PTH120
_NODES = os.path.join(_PACKAGE, "nodes") + os.sep  # noqa: PTH118


def user_traceback(error: BaseException) -> str:
    """Return the traceback as text, without the frames of the engine."""
    import traceback

    top = traceback.TracebackException.from_exception(error)
    todo = [top]
    while todo:
        part = todo.pop()
        part.stack = traceback.StackSummary.from_list(_own_frames(part.stack))
        todo += [link for link in (part.__cause__, part.__context__) if link]
        todo += part.exceptions or ()  # those of a group
    return "".join(top.format())


def _own_frames(stack: list[FrameSummary]) -> list[FrameSummary]:
    """Return the frames that are not of the engine, nor of the event loop below it."""
    start = 0
    for index, frame in enumerate(stack):
        if _is_internal(frame.filename):
            start = index + 1
        elif not frame.filename.startswith(_EVENT_LOOP):
            break
    return [frame for frame in stack[start:] if not _is_internal(frame.filename)]


def _is_internal(filename: str) -> bool:
    return filename.startswith(_PACKAGE) and not filename.startswith(_NODES)


def node_error(
    error: Exception, node_id: str, node_type: str, round_: int | None, order: int
) -> RemoteMediaError:
    """Return the error with the place where it happened; `round_` is None in flush."""
    failure: RemoteMediaError
    if isinstance(error, RemoteMediaError):
        failure = error
        own = not _has_node_frames(error)
    elif isinstance(error, UnrepresentableError):
        message = f"gave what cannot travel: {error.reason}"
        failure = NodeError(message, code="unrepresentable_value", path=error.path)
        own = True
    else:
        code = "out_of_memory" if isinstance(error, MemoryError) else None
        failure = NodeError(f"{type(error).__name__}: {error}", code=code)
        failure.__cause__ = error
        own = False
    failure.node_id, failure.node_type, failure.runtime = node_id, node_type, "python"
    failure.item_index, failure.order = round_, order
    if failure.traceback is None and not own:
        failure.traceback = user_traceback(error)
    return failure


def _has_node_frames(error: BaseException) -> bool:
    frame = error.__traceback__
    while frame is not None:
        if not _is_internal(frame.tb_frame.f_code.co_filename):
            return True
        frame = frame.tb_next
    return False
