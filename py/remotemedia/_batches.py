"""Batches to packets and back."""

from __future__ import annotations

from typing import Any

from remotemedia._effects import Batch
from remotemedia._packet import encode
from remotemedia._packet_reader import decode


class RawPacket:
    """An encoded packet on its way to a segment, or to the host if `to` is None."""

    __slots__ = ("buffers", "header", "to")

    def __init__(self, to: int | None, header: str, buffers: list[Any]) -> None:
        self.to = to
        self.header = header
        self.buffers = buffers


def encode_batch(batch: Batch) -> RawPacket:
    """Encode a batch; raises UnrepresentableError with a path that starts with the item."""
    header, buffers = encode(batch.rounds, batch.edge, batch.values)
    return RawPacket(batch.to, header, buffers)


def decode_batches(header: str, buffers: list[Any], to: int | None = None) -> list[Batch]:
    """Decode a packet into one batch per edge; raises PacketError."""
    rounds, edges, values = decode(header, buffers)
    if isinstance(edges, int):
        return [Batch(to, edges, rounds, values)]
    batches = []
    for edge in dict.fromkeys(edges):
        kept = [i for i, other in enumerate(edges) if other == edge]
        batches.append(Batch(to, edge, [rounds[i] for i in kept], [values[i] for i in kept]))
    return batches
