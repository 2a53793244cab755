"""A strict reader of untrusted ZIP archives, and a reproducible writer.

What the central directory says is checked before a byte is inflated, and everything inflated is
checked against it, in pieces: an archive that is refused costs little memory, whatever it claims.
The refusals stand in docs/bundles.md; `zipfile` would let several of them pass.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from remotemedia._zip_directory import (
    END,
    ENTRY,
    LOCAL,
    STORED,
    UNIX,
    Entry,
    Limits,
    check_ranges,
    check_sizes,
    find_directory,
    read_directory,
)
from remotemedia._zip_names import check_names
from remotemedia._zip_source import PIECE, Source, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_CODE_BYTES", "Archive", "Limits", "Source", "refuse", "write_zip"]

MOST_CODE_BYTES = 32 << 20
"""Of a module or wheel, which are read in one piece."""

_INFLATED_PIECE = 256 << 10


class Archive(Mapping[str, bytes]):
    """The files of an archive by name, folders left out; each is inflated whenever it is asked for.

    Making one checks the directory, `digests` the content; both raise PackageError.
    """

    def __init__(self, source: Source, limits: Limits = Limits()) -> None:  # noqa: B008
        if source.size > limits.file_bytes:
            refuse("too_large", f"the file is larger than {limits.file_bytes} bytes")
        start, end, count = find_directory(source, limits)
        self._source = source
        self._entries = entries = read_directory(source, start, end, count)
        check_names([entry.name for entry in entries])
        check_sizes(entries, limits)
        starts = check_ranges(source, entries, start)
        self._starts = dict(zip(entries, starts, strict=True))
        self._files = {entry.name: entry for entry in entries if not entry.name.endswith("/")}

    def __getitem__(self, name: str) -> bytes:
        """Inflate an entry; what does not fit its CRC-32 is refused."""
        return b"".join(self._pieces(self._files[name]))

    def __contains__(self, name: object) -> bool:
        """Tell whether it is there; `Mapping` would inflate it to find out."""
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        """Names in the order of the directory."""
        return iter(self._files)

    def __len__(self) -> int:
        """Count files."""
        return len(self._files)

    def size(self, name: str) -> int:
        """Return how long an entry is."""
        return self._files[name].size

    def head(self, name: str, length: int) -> bytes:
        """Return how an entry begins, at most one piece."""
        return next(self._pieces(self._files[name]), b"")[:length]

    def digests(self) -> dict[str, str]:
        """Inflate everything, piece by piece; return the SHA-256 of every file."""
        found = {}
        for entry in self._entries:
            digest = hashlib.sha256()
            for piece in self._pieces(entry):
                digest.update(piece)
            if entry.name in self._files:
                found[entry.name] = digest.hexdigest()
        return found

    def _pieces(self, entry: Entry) -> Iterator[bytes]:
        """Yield the content; it is as long as the entry says and has its CRC-32, or is refused."""
        crc = 0
        compressed = self._compressed(entry)
        for piece in compressed if entry.method == STORED else _inflated(compressed, entry):
            crc = zlib.crc32(piece, crc)
            yield piece
        if crc != entry.crc:
            refuse("crc_mismatch", "the CRC-32 is another", entry.name)

    def _compressed(self, entry: Entry) -> Iterator[bytes]:
        start = self._starts[entry]
        for at in range(0, entry.compressed_size, PIECE):
            yield self._source.read(start + at, min(PIECE, entry.compressed_size - at))


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """Return an archive: same files, same bytes.

    Stored, since deflate differs between builds, and with every field written here, since `zipfile`
    may differ between versions.
    """
    block, directory = bytearray(), bytearray()
    for name, content in sorted(files.items()):
        raw = name.encode()
        flags = 0 if name.isascii() else 0x800
        # Version 2.0, stored, 1980-01-01.
        common = struct.pack(
            "<5H3I2H", 20, flags, STORED, 0, 0x21,
            zlib.crc32(content), len(content), len(content), len(raw), 0,
        )  # fmt: skip
        tail = struct.pack("<3H2I", 0, 0, 0, 0o100644 << 16, len(block))
        directory += ENTRY + struct.pack("<BB", 20, UNIX) + common + tail + raw
        block += LOCAL + common + raw + content
    end = struct.pack("<4H2IH", 0, 0, len(files), len(files), len(directory), len(block), 0)
    return bytes(block + directory + END + end)


def _inflated(pieces: Iterator[bytes], entry: Entry) -> Iterator[bytes]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    left, after = entry.size, False
    for compressed in pieces:
        after = after or stream.eof
        data = compressed
        while data and not stream.eof:
            piece = _inflate(stream, data, min(left + 1, _INFLATED_PIECE), entry)
            left -= len(piece)
            if left < 0:
                refuse("size_mismatch", f"inflates to more than {entry.size} bytes", entry.name)
            yield piece
            data = stream.unconsumed_tail
    if not stream.eof:
        piece = _inflate(stream, b"", left + 1, entry)  # what zlib still holds
        left -= len(piece)
        yield piece
    _check_end(stream, left, entry, after=after)


def _inflate(stream: zlib._Decompress, data: bytes, most: int, entry: Entry) -> bytes:
    try:
        return stream.decompress(data, most)
    except zlib.error as error:
        refuse("corrupt_data", str(error), entry.name)


def _check_end(stream: zlib._Decompress, left: int, entry: Entry, *, after: bool) -> None:
    if not stream.eof or stream.unused_data or after:
        refuse("corrupt_data", "the compressed data do not end where they should", entry.name)
    if left:
        refuse("size_mismatch", f"does not inflate to {entry.size} bytes", entry.name)
