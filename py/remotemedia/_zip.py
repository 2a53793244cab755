"""A strict reader of untrusted ZIP archives, and a reproducible writer.

What the central directory says is checked before a byte is inflated, and everything inflated is
checked against it, in pieces: an archive that is refused costs little memory, whatever it claims.
The refusals stand in docs/bundles.md; `zipfile` would let several of them pass.
"""

from __future__ import annotations

import hashlib
import re
import struct
import unicodedata
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, NoReturn

from remotemedia._errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_END, _ENTRY, _LOCAL = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
_END_SIZE, _ENTRY_SIZE, _LOCAL_SIZE = 22, 46, 30
_STORED, _DEFLATED = 0, 8
_UNIX_LIKE = (3, 19)
_FILE_KINDS = (0, 0o100000, 0o040000)
_RATIO_FREE = 1 << 20
_IN_ZIP64, _COUNT_IN_ZIP64 = 0xFFFFFFFF, 0xFFFF
_DESCRIBED = 8
"""The flag of an entry whose sizes and CRC-32 stand behind its data."""
_DESCRIPTOR = b"PK\x07\x08"
_UNICODE_PATH = 0x7075
_LONGEST_NAME = 1024
_UNPRINTABLE = re.compile(
    r"[\\\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
_PIECE, _INFLATED_PIECE = 64 << 10, 256 << 10

MOST_CODE_BYTES = 32 << 20
"""Of a module or wheel, which are read in one piece."""


class Limits(NamedTuple):
    """What an archive may be at most: bytes, bytes inflated, ratio above 1 MiB, entries."""

    file_bytes: int = 100 << 20
    inflated_bytes: int = 512 << 20
    ratio: int = 200
    entries: int = 4096


class Entry(NamedTuple):
    """A line of the central directory."""

    name: str
    flags: int
    method: int
    crc: int
    compressed_size: int
    size: int
    offset: int


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
        for at in range(0, self.size, _PIECE):
            digest.update(self.read(at, _PIECE))
        return digest.hexdigest()


def refuse(code: str, message: str, path: str | None = None) -> NoReturn:
    """Raise PackageError with one of the codes of docs/bundles.md."""
    raise PackageError(message, code=code, path=path)


class Archive(Mapping[str, bytes]):
    """The files of an archive by name, folders left out; each is inflated whenever it is asked for.

    Making one checks the directory, `digests` the content; both raise PackageError.
    """

    def __init__(self, source: Source, limits: Limits = Limits()) -> None:  # noqa: B008
        if source.size > limits.file_bytes:
            refuse("too_large", f"the file is larger than {limits.file_bytes} bytes")
        start, end, count = _find_directory(source, limits)
        self._source = source
        self._entries = entries = _read_directory(source, start, end, count)
        _check_names(entries)
        _check_sizes(entries, limits)
        starts = _check_ranges(source, entries, start)
        self._starts = dict(zip(entries, starts, strict=True))
        self._files = {entry.name: entry for entry in entries if not entry.name.endswith("/")}

    def __getitem__(self, name: str) -> bytes:
        """Inflate an entry; what does not fit its CRC-32 is refused."""
        return b"".join(self._pieces(self._files[name]))

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
        for piece in compressed if entry.method == _STORED else _inflated(compressed, entry):
            crc = zlib.crc32(piece, crc)
            yield piece
        if crc != entry.crc:
            refuse("crc_mismatch", "the CRC-32 is another", entry.name)

    def _compressed(self, entry: Entry) -> Iterator[bytes]:
        start = self._starts[entry]
        for at in range(0, entry.compressed_size, _PIECE):
            yield self._source.read(start + at, min(_PIECE, entry.compressed_size - at))


def read_zip(archive: bytes, limits: Limits = Limits()) -> dict[str, bytes]:  # noqa: B008
    """Return all files of an archive; raises PackageError."""
    opened = Archive(Source(archive), limits)
    opened.digests()
    return dict(opened)


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
            "<5H3I2H", 20, flags, _STORED, 0, 0x21,
            zlib.crc32(content), len(content), len(content), len(raw), 0,
        )  # fmt: skip
        tail = struct.pack("<3H2I", 0, 0, 0, 0o100644 << 16, len(block))
        directory += _ENTRY + struct.pack("<BB", 20, _UNIX_LIKE[0]) + common + tail + raw
        block += _LOCAL + common + raw + content
    end = struct.pack("<4H2IH", 0, 0, len(files), len(files), len(directory), len(block), 0)
    return bytes(block + directory + _END + end)


def _find_directory(source: Source, limits: Limits) -> tuple[int, int, int]:
    before = max(0, source.size - _END_SIZE - 0xFFFF)
    tail = source.read(before, source.size - before)
    ends, at = [], len(tail)
    # The record may be followed by a comment, which must reach exactly to the end.
    while (at := tail.rfind(_END, 0, at)) >= 0:
        if at + _END_SIZE <= len(tail):
            fields = struct.unpack_from("<4H2IH", tail, at + 4)
            if at + _END_SIZE + fields[6] == len(tail):
                ends.append((before + at, fields))
    if not ends:
        refuse("not_a_zip", "there is no end of central directory: no ZIP file, or cut off")
    if len(ends) > 1:
        refuse("bad_zip", "there are two ends of central directories")
    [(end, (disk, directory_disk, here, count, size, start, _))] = ends
    if count > limits.entries or count == _COUNT_IN_ZIP64:
        refuse("too_many_entries", f"more than {limits.entries} entries")
    if disk or directory_disk or here != count or start + size != end:
        refuse("bad_zip", "the central directory is not where it should be")
    return start, end, count


def _read_directory(source: Source, at: int, end: int, count: int) -> list[Entry]:
    entries = []
    for number in range(count):
        damaged = f"entry {number} of the central directory is damaged"
        record = source.read(at, min(_ENTRY_SIZE, end - at))
        if len(record) < _ENTRY_SIZE or record[:4] != _ENTRY:
            refuse("bad_zip", damaged)
        system, flags, method, crc, compressed, size, name, extra, comment, mode, offset = (
            struct.unpack_from("<xB2xHH4x3I3H6xHI", record, 4)
        )
        more = source.read(at + _ENTRY_SIZE, name + extra)
        at += _ENTRY_SIZE + name + extra + comment
        if at > end:
            refuse("bad_zip", damaged)
        entry = Entry(_name(more[:name]), flags, method, crc, compressed, size, offset)
        _check_unicode_path(more[name:], more[:name])
        _check_kind(entry, system, mode)
        entries.append(entry)
    if at != end:
        refuse("bad_zip", "the central directory holds more than it says")
    return entries


def _name(raw: bytes) -> str:
    """Return an entry's name; of one that is too long only as much as shows that it is."""
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        refuse("bad_name", "an entry name is not UTF-8")
    return name[: _LONGEST_NAME + 1]


def _check_unicode_path(extra: bytes, raw_name: bytes) -> None:
    """Refuse an entry that other programs would call by another name."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        # A version and the CRC-32 of the name stand before the name.
        if kind == _UNICODE_PATH and extra[at + 9 : at + 4 + length] != raw_name:
            refuse("bad_name", "an entry has a second, other name")
        at += 4 + length


def _check_kind(entry: Entry, system: int, mode: int) -> None:
    if system in _UNIX_LIKE and mode & 0o170000 not in _FILE_KINDS:
        refuse("symlink", "not an ordinary file", entry.name)
    if entry.flags & 0x2041:
        refuse("encrypted", "the entry is encrypted", entry.name)
    if entry.method not in (_STORED, _DEFLATED):
        refuse("unsupported_method", f"compression method {entry.method}", entry.name)
    if _IN_ZIP64 in (entry.compressed_size, entry.size):
        refuse("bad_zip", "ZIP64", entry.name)
    if entry.name.endswith("/") and entry.size:
        # It would appear in no list of files, and so escape integrity.json.
        refuse("bad_zip", "a folder with content", entry.name)
    if entry.method == _STORED and entry.compressed_size != entry.size:
        refuse("size_mismatch", "a stored entry of two sizes", entry.name)


def _check_names(entries: list[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        name = entry.name
        parts = name.removesuffix("/").split("/")
        if len(name.encode()) > _LONGEST_NAME:
            refuse("bad_name", f"a name longer than {_LONGEST_NAME} bytes", name)
        if _UNPRINTABLE.search(name):
            refuse("bad_name", "a backslash, control character or change of direction", name)
        if re.match(r"/|[A-Za-z]:", name):
            refuse("absolute_path", "an absolute path", name)
        if ".." in parts:
            refuse("path_escape", "the path leaves the bundle", name)
        if any(not part or ":" in part or part[-1] in ". " for part in parts):
            refuse(
                "bad_name", "a component that is empty, has a colon, ends with dot or space", name
            )
        key = _folded("/".join(parts))
        if key in seen:
            refuse("duplicate_name", "the name appears twice", name)
        seen.add(key)
    _check_folders(entries)


def _check_folders(entries: list[Entry]) -> None:
    """Refuse files that are folders of other entries too."""
    files = {_folded(entry.name) for entry in entries if not entry.name.endswith("/")}
    for entry in entries:
        folder = _folded(entry.name).rpartition("/")[0]
        while folder and folder not in files:
            folder = folder.rpartition("/")[0]
        if folder:
            refuse("duplicate_name", "a folder of that name is a file too", entry.name)


def _folded(name: str) -> str:
    """Return what is equal for names that a file system may take for one."""
    composed = unicodedata.normalize("NFC", name)
    return unicodedata.normalize("NFC", composed.lower().upper())


def _check_sizes(entries: list[Entry], limits: Limits) -> None:
    total = compressed = 0
    for entry in entries:
        total += entry.size
        compressed += entry.compressed_size
        if total > limits.inflated_bytes:
            refuse("bomb", f"inflates to more than {limits.inflated_bytes} bytes", entry.name)
        if entry.size > max(_RATIO_FREE, entry.compressed_size * limits.ratio):
            refuse("bomb", f"inflates to more than {limits.ratio} times its size", entry.name)
    if total > max(_RATIO_FREE, compressed * limits.ratio):
        refuse("bomb", f"inflates to more than {limits.ratio} times its size")


def _check_ranges(source: Source, entries: list[Entry], limit: int) -> list[int]:
    """Return where each entry's data start.

    Local headers agree, and the entries follow one another up to the directory at `limit`.
    """
    starts = [_data_start(source, entry, limit) for entry in entries]
    end = 0
    for entry, start in sorted(zip(entries, starts, strict=True), key=lambda pair: pair[0].offset):
        if entry.offset < end:
            refuse("overlap", "the entry overlaps another", entry.name)
        if entry.offset > end:
            refuse("bad_zip", "there is something before the entry", entry.name)
        end = start + entry.compressed_size
        if end > limit:
            refuse("overlap", "the entry overlaps the central directory", entry.name)
        if entry.flags & _DESCRIBED:
            end += _descriptor_length(source.read(end, min(16, limit - end)), entry)
    if end != limit:
        refuse("bad_zip", "there is something before the central directory")
    return starts


def _data_start(source: Source, entry: Entry, limit: int) -> int:
    at = entry.offset
    record = source.read(at, _LOCAL_SIZE) if at + _LOCAL_SIZE <= limit else b""
    if record[:4] != _LOCAL:
        refuse("bad_zip", "there is no local header", entry.name)
    flags, method, crc, packed, size, name, extra = struct.unpack_from("<HH4x3I2H", record, 6)
    here = [crc, packed, size]
    there = [entry.crc, entry.compressed_size, entry.size]
    if flags & _DESCRIBED:  # the local header may say 0
        here = [local or central for local, central in zip(here, there, strict=True)]
    raw = source.read(at + _LOCAL_SIZE, name)
    if (flags, method, here, raw) != (entry.flags, entry.method, there, entry.name.encode()):
        refuse("bad_zip", "the local header disagrees with the central directory", entry.name)
    return int(at + _LOCAL_SIZE + name + extra)


def _descriptor_length(found: bytes, entry: Entry) -> int:
    told = struct.pack("<3I", entry.crc, entry.compressed_size, entry.size)
    if found == _DESCRIPTOR + told:
        return len(found)
    if found.startswith(told):
        return len(told)
    refuse("bad_zip", "what stands behind the data disagrees with the directory", entry.name)


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
