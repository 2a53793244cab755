"""Tests for nodes of your own: one line runs what every node must keep to, here and in Pyodide.

from remotemedia.testing import check_node

def test_clamp():
    check_node(ClampNode(high=2), inputs=[-1, 5], expected=[0, 2])
    check_node(ClampNode(high=2), inputs=[-1, 5], runtimes=["native", "pyodide"])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remotemedia._control import THREADS
from remotemedia.testing._contract import Case, ContractError, check_all, outcome

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping, Sequence

    from remotemedia._node import Node

__all__ = ["ContractError", "check_node"]

RUNTIMES = ("native", "pyodide")


def check_node(
    node: Node | type[Node],
    *,
    inputs: Sequence[Any] | Mapping[str, Sequence[Any]] = (),
    expected: Sequence[Any] | Mapping[str, Sequence[Any]] | None = None,
    tolerance: float = 0.0,
    runtimes: Iterable[str] = ("native",),
) -> None:
    """Run the contract of nodes over one node; raises ContractError at the first rule it breaks.

    `node` is an instance, whose params are used for fresh nodes, or a class with its defaults.
    `inputs` are the items of the port `in`, or those of each port; the k-th of all ports are round
    k. A generating source takes one None per round. `expected` is what a whole run gives, flush
    included: a list for `out`, or a dict with a list per port; numbers may differ by `tolerance`.

    The rules: the catalog entry is valid, unknown params are refused, the outputs are those
    expected, the same every time, the same item by item as in one batch, and of values that may
    travel; input stays as it was; two nodes share no state; `init`, `flush` and `close` run once,
    `close` also if the run ends early; an empty stream works.

    `runtimes` are "native" (here) and "pyodide", which needs Node.js and the npm package `pyodide`
    in a `node_modules` at or above the current folder, or a folder of Pyodide's files that the
    environment variable REMOTEMEDIA_PYODIDE names; there must be no less than what runs natively.
    What a node raises is raised, as the same class.
    """
    chosen = list(dict.fromkeys(runtimes))
    if not chosen or not set(chosen) <= set(RUNTIMES):
        message = f"runtimes are some of {', '.join(RUNTIMES)}, not {chosen}"
        raise ValueError(message)
    case = Case.of(node, inputs, expected, tolerance)
    if "native" in chosen:
        finish(case, check_all(case))
    if "pyodide" in chosen:
        from remotemedia.testing._pyodide import check_in_pyodide

        if case.expected is None and "native" in chosen:
            case = case._replace(expected=finish(case, outcome(case)))
        check_in_pyodide(case)


def finish(case: Case, work: Coroutine[Any, Any, Any]) -> Any:
    """Return the result of a coroutine; only async nodes need an event loop, one of their own."""
    if not case.is_async:
        from remotemedia._effects import finish_now

        return finish_now(work)
    if not THREADS:
        from pyodide.ffi import run_sync

        return run_sync(work)
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:  # a loop may be running in this thread
        return pool.submit(asyncio.run, work).result()
