"""A strict ZIP reader for untrusted archives, and a reproducible writer.

What the central directory says is checked before a byte is inflated, and everything inflated is
checked against it. The refusals stand in docs/bundles.md; `zipfile` would let several of them pass.
"""

from __future__ import annotations

import io
import re
import struct
import unicodedata
import zipfile
import zlib
from typing import NamedTuple, NoReturn

from remotemedia._errors import PackageError

_END, _ENTRY, _LOCAL = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
_END_SIZE, _ENTRY_SIZE, _LOCAL_SIZE = 22, 46, 30
_STORED, _DEFLATED = 0, 8
_UNIX_LIKE = (3, 19)
_FILE_KINDS = (0, 0o100000, 0o040000)
_RATIO_FREE = 1 << 20
_IN_ZIP64 = 0xFFFFFFFF


class Limits(NamedTuple):
    """What an archive may be at most: bytes, bytes inflated, ratio above 1 MiB, entries."""

    file_bytes: int = 100 << 20
    inflated_bytes: int = 512 << 20
    ratio: int = 200
    entries: int = 4096


class _Entry(NamedTuple):
    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    compressed_size: int
    size: int
    offset: int


def refuse(code: str, message: str, path: str | None = None) -> NoReturn:
    """Raise PackageError with one of the codes of docs/bundles.md."""
    raise PackageError(message, code=code, path=path)


def read_zip(archive: bytes, limits: Limits = Limits()) -> dict[str, bytes]:  # noqa: B008
    """Return all files of an archive, folders left out; raises PackageError."""
    if len(archive) > limits.file_bytes:
        refuse("too_large", f"the file is larger than {limits.file_bytes} bytes")
    start, end, count = _find_directory(archive)
    if count > limits.entries:
        refuse("too_many_entries", f"more than {limits.entries} entries")
    entries = _read_directory(archive, start, end, count)
    _check_names(entries)
    _check_sizes(entries, limits)
    starts = _check_ranges(archive, entries, start)
    files = {}
    for entry, at in zip(entries, starts, strict=True):
        content = _inflate(archive[at : at + entry.compressed_size], entry)
        if zlib.crc32(content) != entry.crc:
            refuse("crc_mismatch", "the CRC-32 is another", entry.name)
        if not entry.name.endswith("/"):
            files[entry.name] = content
    return files


def write_zip(files: dict[str, bytes]) -> bytes:
    """Return an archive: same files, same bytes. Stored, since deflate differs between builds."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, content)
    return target.getvalue()


def _find_directory(archive: bytes) -> tuple[int, int, int]:
    at = len(archive)
    # The record may be followed by a comment, which must reach exactly to the end.
    while (at := archive.rfind(_END, max(0, len(archive) - _END_SIZE - 0xFFFF), at)) >= 0:
        if at + _END_SIZE > len(archive):
            continue
        disk, _, here, count, size, start, comment = struct.unpack_from("<4H2IH", archive, at + 4)
        if at + _END_SIZE + comment != len(archive):
            continue
        if disk or here != count or start + size != at:
            refuse("bad_zip", "the central directory is not where it should be")
        return start, at, count
    refuse("not_a_zip", "there is no end of central directory: no ZIP file, or cut off")


def _read_directory(archive: bytes, at: int, end: int, count: int) -> list[_Entry]:
    entries = []
    for number in range(count):
        damaged = f"entry {number} of the central directory is damaged"
        if at + _ENTRY_SIZE > end or archive[at : at + 4] != _ENTRY:
            refuse("bad_zip", damaged)
        (
            system,
            flags,
            method,
            crc,
            compressed,
            size,
            name_length,
            extra,
            comment,
            mode,
            offset,
        ) = struct.unpack_from("<xB2xHH4x3I3H6xHI", archive, at + 4)
        raw = archive[at + _ENTRY_SIZE : at + _ENTRY_SIZE + name_length]
        at += _ENTRY_SIZE + name_length + extra + comment
        if at > end:
            refuse("bad_zip", damaged)
        entry = _Entry(_name(raw), raw, flags, method, crc, compressed, size, offset)
        _check_kind(entry, system, mode)
        entries.append(entry)
    if at != end:
        refuse("bad_zip", "the central directory holds more than it says")
    return entries


def _name(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        refuse("bad_name", "an entry name is not UTF-8")


def _check_kind(entry: _Entry, system: int, mode: int) -> None:
    if system in _UNIX_LIKE and mode & 0o170000 not in _FILE_KINDS:
        refuse("symlink", "not an ordinary file", entry.name)
    if entry.flags & 0x2041:
        refuse("encrypted", "the entry is encrypted", entry.name)
    if entry.method not in (_STORED, _DEFLATED):
        refuse("unsupported_method", f"compression method {entry.method}", entry.name)
    if _IN_ZIP64 in (entry.compressed_size, entry.size):
        refuse("bad_zip", "ZIP64", entry.name)
    if entry.method == _STORED and entry.compressed_size != entry.size:
        refuse("size_mismatch", "a stored entry of two sizes", entry.name)


def _check_names(entries: list[_Entry]) -> None:
    seen = set()
    for entry in entries:
        name = entry.name
        if re.search(r"[\\\x00-\x1f\x7f]", name):
            refuse("bad_name", "a backslash or control character", name)
        if re.match(r"/|[A-Za-z]:", name):
            refuse("absolute_path", "an absolute path", name)
        parts = name.removesuffix("/").split("/")
        if ".." in parts:
            refuse("path_escape", "the path leaves the bundle", name)
        if "" in parts or "." in parts:
            refuse("bad_name", "an empty component", name)
        key = unicodedata.normalize("NFC", "/".join(parts)).lower()
        if key in seen:
            refuse("duplicate_name", "the name appears twice", name)
        seen.add(key)


def _check_sizes(entries: list[_Entry], limits: Limits) -> None:
    total = 0
    for entry in entries:
        total += entry.size
        if total > limits.inflated_bytes:
            refuse("bomb", f"inflates to more than {limits.inflated_bytes} bytes", entry.name)
        if entry.size > max(_RATIO_FREE, entry.compressed_size * limits.ratio):
            refuse("bomb", f"inflates to more than {limits.ratio} times its size", entry.name)


def _check_ranges(archive: bytes, entries: list[_Entry], limit: int) -> list[int]:
    """Return where each entry's data start; local headers agree, and nothing overlaps."""
    starts = [_data_start(archive, entry, limit) for entry in entries]
    end = 0
    for entry, start in sorted(zip(entries, starts, strict=True), key=lambda pair: pair[0].offset):
        if entry.offset < end:
            refuse("overlap", "the entry overlaps another", entry.name)
        end = start + entry.compressed_size
        if end > limit:
            refuse("overlap", "the entry overlaps the central directory", entry.name)
    return starts


def _data_start(archive: bytes, entry: _Entry, limit: int) -> int:
    at = entry.offset
    if at + _LOCAL_SIZE > limit or archive[at : at + 4] != _LOCAL:
        refuse("bad_zip", "there is no local header", entry.name)
    flags, method, crc, packed, size, name_length, extra = struct.unpack_from(
        "<HH4x3I2H", archive, at + 6
    )
    name_end = at + _LOCAL_SIZE + name_length
    here = [crc, packed, size]
    there = [entry.crc, entry.compressed_size, entry.size]
    if flags & 8:  # they stand behind the data; the local header may say 0
        here = [local or central for local, central in zip(here, there, strict=True)]
    raw_name = archive[at + _LOCAL_SIZE : name_end]
    if (flags, method, here, raw_name) != (entry.flags, entry.method, there, entry.raw_name):
        refuse("bad_zip", "the local header disagrees with the central directory", entry.name)
    return int(name_end + extra)


def _inflate(data: bytes, entry: _Entry) -> bytes:
    if entry.method == _STORED:
        return data
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = stream.decompress(data, entry.size + 1)
    except zlib.error as error:
        refuse("corrupt_data", str(error), entry.name)
    if len(content) != entry.size:
        refuse("size_mismatch", f"does not inflate to {entry.size} bytes", entry.name)
    if not stream.eof:
        content += stream.decompress(stream.unconsumed_tail, 1)
        if len(content) != entry.size:
            refuse("size_mismatch", f"inflates to more than {entry.size} bytes", entry.name)
    if not stream.eof or stream.unused_data:
        refuse("corrupt_data", "the compressed data do not end where they should", entry.name)
    return content
