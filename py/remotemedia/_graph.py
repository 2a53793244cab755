"""The canonical order of a graph, and its cycles."""

from __future__ import annotations

from heapq import heappop, heappush


def canonical_order(ids: list[str], links: list[tuple[str, str]]) -> list[str]:
    """Repeatedly take the first id whose predecessors have all been taken; a cycle stays out."""
    place = {node: i for i, node in enumerate(ids)}
    waiting = dict.fromkeys(ids, 0)
    after: dict[str, list[str]] = {node: [] for node in ids}
    for start, end in links:
        after[start].append(end)
        waiting[end] += 1
    ready = [place[node] for node in ids if not waiting[node]]
    taken = []
    while ready:
        node = ids[heappop(ready)]
        taken.append(node)
        for following in after[node]:
            waiting[following] -= 1
            if not waiting[following]:
                heappush(ready, place[following])
    return taken


def find_cycle(ids: list[str], links: list[tuple[str, str]]) -> list[str]:
    """Return the ids along one cycle, the first repeated at the end; empty if there is none."""
    left = dict.fromkeys(ids)
    for node in canonical_order(ids, links):
        del left[node]
    if not left:
        return []
    # Every node that is left has a predecessor that is left: walking back must meet itself.
    before = {end: start for start, end in links if start in left}
    node = next(iter(left))
    path: dict[str, int] = {}
    while node not in path:
        path[node] = len(path)
        node = before[node]
    return [*list(path)[path[node] :], node][::-1]
