"""The central directory of an archive, which is checked before a byte is inflated."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from remotemedia._zip_names import check_unicode_path, read_name
from remotemedia._zip_source import refuse

if TYPE_CHECKING:
    from remotemedia._zip_source import Source

END, ENTRY, LOCAL = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
"""What records begin with."""
STORED, DEFLATED = 0, 8
UNIX, OS_X = 3, 19

_END_SIZE, _ENTRY_SIZE, _LOCAL_SIZE = 22, 46, 30
_FILE_KINDS = (0, 0o100000, 0o040000)
_RATIO_FREE = 1 << 20
_IN_ZIP64, _COUNT_IN_ZIP64 = 0xFFFFFFFF, 0xFFFF
_DESCRIBED = 8
"""The flag of an entry whose sizes and CRC-32 stand behind its data."""
_DESCRIPTOR = b"PK\x07\x08"


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


def find_directory(source: Source, limits: Limits) -> tuple[int, int, int]:
    before = max(0, source.size - _END_SIZE - 0xFFFF)
    tail = source.read(before, source.size - before)
    ends, at = [], len(tail)
    # The record may be followed by a comment, which must reach exactly to the end.
    while (at := tail.rfind(END, 0, at)) >= 0:
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


def read_directory(source: Source, at: int, end: int, count: int) -> list[Entry]:
    entries = []
    for number in range(count):
        damaged = f"entry {number} of the central directory is damaged"
        record = source.read(at, min(_ENTRY_SIZE, end - at))
        if len(record) < _ENTRY_SIZE or record[:4] != ENTRY:
            refuse("bad_zip", damaged)
        system, flags, method, crc, compressed, size, name, extra, comment, mode, offset = (
            struct.unpack_from("<xB2xHH4x3I3H6xHI", record, 4)
        )
        more = source.read(at + _ENTRY_SIZE, name + extra)
        at += _ENTRY_SIZE + name + extra + comment
        if at > end:
            refuse("bad_zip", damaged)
        entry = Entry(read_name(more[:name]), flags, method, crc, compressed, size, offset)
        check_unicode_path(more[name:], more[:name])
        _check_kind(entry, system, mode)
        entries.append(entry)
    if at != end:
        refuse("bad_zip", "the central directory holds more than it says")
    return entries


def _check_kind(entry: Entry, system: int, mode: int) -> None:
    if system in (UNIX, OS_X) and mode & 0o170000 not in _FILE_KINDS:
        refuse("symlink", "not an ordinary file", entry.name)
    if entry.flags & 0x2041:
        refuse("encrypted", "the entry is encrypted", entry.name)
    if entry.method not in (STORED, DEFLATED):
        refuse("unsupported_method", f"compression method {entry.method}", entry.name)
    if _IN_ZIP64 in (entry.compressed_size, entry.size):
        refuse("bad_zip", "ZIP64", entry.name)
    if entry.name.endswith("/") and entry.size:
        # It would appear in no list of files, and so escape integrity.json.
        refuse("bad_zip", "a folder with content", entry.name)
    if entry.method == STORED and entry.compressed_size != entry.size:
        refuse("size_mismatch", "a stored entry of two sizes", entry.name)


def check_sizes(entries: list[Entry], limits: Limits) -> None:
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


def check_ranges(source: Source, entries: list[Entry], limit: int) -> list[int]:
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
    if record[:4] != LOCAL:
        refuse("bad_zip", "there is no local header", entry.name)
    flags, method, crc, packed, size, name, extra = struct.unpack_from("<HH4x3I2H", record, 6)
    here = [crc, packed, size]
    there = [entry.crc, entry.compressed_size, entry.size]
    if flags & _DESCRIBED:  # the local header may say 0
        here = [local or central for local, central in zip(here, there, strict=True)]
    raw = source.read(at + _LOCAL_SIZE, name)
    if (flags, method, here, raw) != (entry.flags, entry.method, there, entry.name.encode()):
        refuse("bad_zip", "the local header disagrees with the central directory", entry.name)
    check_unicode_path(source.read(at + _LOCAL_SIZE + name, extra), raw)
    return int(at + _LOCAL_SIZE + name + extra)


def _descriptor_length(found: bytes, entry: Entry) -> int:
    told = struct.pack("<3I", entry.crc, entry.compressed_size, entry.size)
    if found == _DESCRIPTOR + told:
        return len(found)
    if found.startswith(told):
        return len(told)
    return refuse("bad_zip", "what stands behind the data disagrees with the directory", entry.name)
