"""Where the bytes of an archive stand, and how it is refused."""

from __future__ import annotations

import hashlib
from typing import BinaryIO, NoReturn

from remotemedia._errors import PackageError

PIECE = 64 << 10
"""How much is read at once."""


class Source:
    """Where the bytes of an archive stand: in memory or in an open file."""

    def __init__(self, origin: bytes | BinaryIO) -> None:
        if isinstance(origin, bytes):
            self._view: memoryview | None = memoryview(origin)
            self.size = len(origin)
        else:
            self._view, self._file = None, origin
            self.size = origin.seek(0, 2)

    def read(self, at: int, length: int) -> bytes:
        """Return what stands there, less at the end."""
        if self._view is not None:
            return bytes(self._view[at : at + length])
        self._file.seek(at)
        return self._file.read(length)

    def sha256(self) -> str:
        """Return the hash of everything."""
        digest = hashlib.sha256()
        for at in range(0, self.size, PIECE):
            digest.update(self.read(at, PIECE))
        return digest.hexdigest()


def refuse(code: str, message: str, path: str | None = None) -> NoReturn:
    """Raise PackageError with one of the codes of docs/bundles.md."""
    raise PackageError(message, code=code, path=path)
