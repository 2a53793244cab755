"""Nodes that record their calls, and chains of them."""

from itertools import pairwise

from segments import segment

from remotemedia import Node, Out, Param

LOG = []


class ProbeNode(Node):
    """Records its calls; `fail_at` names the item at which it fails."""

    name_: str = Param("", doc="Name in the log.")
    fail_at: int | None = Param(None, doc="Item.")

    def init(self):
        LOG.append(f"init {self.id}")

    def process(self, item):
        LOG.append((self.id, item))
        if item == self.fail_at:
            raise KeyError(item)
        return item

    def flush(self):
        LOG.append(f"flush {self.id}")
        return f"end of {self.id}"

    def close(self):
        LOG.append(f"close {self.id}")


class SplitNode(Node):
    """Sends even numbers to `even`, others to `out`, nothing for negative ones."""

    outputs = {"out": ("any",), "even": ("any",)}

    def process(self, item):
        if item < 0:
            return None
        return item if item % 2 else Out("even", item)


class JoinNode(Node):
    """Tells at which port an item arrived."""

    inputs = {"in": ("any",), "side": ("any",)}

    def process(self, item, port):
        return [port, item]


NODES = [ProbeNode, SplitNode, JoinNode]


def probes(*fails):
    names = [f"p{i}" for i in range(len(fails))]
    return segment(
        [
            (name, "ProbeNode", {} if at is None else {"fail_at": at})
            for name, at in zip(names, fails, strict=True)
        ],
        [(f"{a}.out", f"{b}.in") for a, b in pairwise(names)],
        {0: "p0.in"},
        {1: (f"{names[-1]}.*", None), 2: ("p0.out", 1)},
    )
