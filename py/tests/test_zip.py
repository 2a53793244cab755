"""Archives that lie, built byte by byte; the same refusals as in TypeScript (docs/bundles.md)."""

import io
import struct
import zipfile
import zlib

import pytest
from archives import read_zip

from remotemedia import PackageError
from remotemedia._zip import Limits, write_zip


class Entry:
    """An entry whose fields may lie: those of the local header, and those of the directory."""

    def __init__(
        self, name, data=b"data", *, method=0, mode=0o100644, flags=0, system=3, told=None
    ):
        self.name = name if isinstance(name, bytes) else name.encode()
        self.body = data
        if method == 8:
            deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
            self.body = deflate.compress(data) + deflate.flush()
        self.crc, self.size = zlib.crc32(data), len(data)
        self.method, self.mode, self.flags, self.system = method, mode, flags, system
        self.told = told or {}

    def local(self):
        head = struct.pack(
            "<4s5H3I2H", b"PK\x03\x04", 20, self.flags, self.method, 0, 0,
            self.crc, len(self.body), self.size, len(self.name), 0,
        )  # fmt: skip
        return head + self.name + self.body

    def directory(self, offset):
        told = {
            "crc": self.crc, "packed": len(self.body), "size": self.size, "offset": offset,
            "name": self.name, "flags": self.flags, "method": self.method,
        } | self.told  # fmt: skip
        return struct.pack(
            "<4sBB5H3I5H2I", b"PK\x01\x02", 20, self.system, 20, told["flags"], told["method"], 0,
            0, told["crc"], told["packed"], told["size"], len(told["name"]), 0, 0, 0, 0,
            self.mode << 16, told["offset"],
        ) + told["name"]  # fmt: skip


def archive(*entries, count=None, start=None, comment=b"", prefix=b""):
    block, directory = prefix, b""
    for entry in entries:
        directory += entry.directory(len(block))
        block += entry.local()
    total = len(entries) if count is None else count
    start = len(block) if start is None else start
    end = struct.pack(
        "<4s4H2IH", b"PK\x05\x06", 0, 0, total, total, len(directory), start, len(comment)
    )
    return block + directory + end + comment


def refusal(data, **limits):
    with pytest.raises(PackageError) as caught:
        read_zip(data, Limits(**limits))
    return caught.value.code


def test_good_archives():
    entries = [Entry("a.txt"), Entry("dir/", b""), Entry("dir/é.bin", b"x" * 5000, method=8)]
    files = {"a.txt": b"data", "dir/é.bin": b"x" * 5000}
    assert read_zip(archive(*entries)) == files
    assert read_zip(archive(*entries, comment=b"a comment")) == files
    assert read_zip(archive()) == {}


def test_what_zipfile_writes_can_be_read():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a", "a" * 1000)
    assert read_zip(target.getvalue()) == {"a": b"a" * 1000}


class Unseekable(io.BytesIO):
    """Makes zipfile write sizes behind the data."""

    def seekable(self):
        return False

    def seek(self, *_):
        raise OSError("no")

    tell = seek


def test_sizes_behind_the_data():
    target = Unseekable()
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("a", "b")
    data = target.getvalue()
    assert struct.unpack_from("<H", data, 6)[0] & 8
    assert read_zip(data) == {"a": b"b"}


def test_same_files_same_bytes():
    files = {"b": b"2", "a/c": b"1"}
    data = write_zip(files)
    assert data == write_zip(dict(reversed(files.items())))
    assert read_zip(data) == files
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        assert [info.filename for info in file.infolist()] == ["a/c", "b"]
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


BAD = {
    "empty": (b"", "not_a_zip"),
    "text": (b"PK, but not really" * 10, "not_a_zip"),
    "cut off": (archive(Entry("a"))[:-5], "not_a_zip"),
    "something after the end": (archive(Entry("a")) + b"x", "not_a_zip"),
    "directory elsewhere": (archive(Entry("a"), start=3), "bad_zip"),
    "fewer entries": (archive(Entry("a"), Entry("b"), count=1), "bad_zip"),
    "more entries": (archive(Entry("a"), count=2), "bad_zip"),
    "no local header": (archive(Entry("a", told={"offset": 1})), "bad_zip"),
    "another name": (archive(Entry("a", told={"name": b"b"})), "bad_zip"),
    "something before": (archive(Entry("a"), prefix=b"MZ"), "bad_zip"),
    "zip64": (archive(Entry("a", told={"packed": 0xFFFFFFFF, "size": 0xFFFFFFFF})), "bad_zip"),
    "no UTF-8": (archive(Entry(b"\xff")), "bad_name"),
    "backslash": (archive(Entry("a\\b")), "bad_name"),
    "NUL": (archive(Entry("a\0b")), "bad_name"),
    "no name": (archive(Entry("")), "bad_name"),
    "empty component": (archive(Entry("a//b")), "bad_name"),
    "dot component": (archive(Entry("./a")), "bad_name"),
    "absolute": (archive(Entry("/etc/passwd")), "absolute_path"),
    "drive": (archive(Entry("C:/a")), "absolute_path"),
    "escape": (archive(Entry("a/../../b")), "path_escape"),
    "twice": (archive(Entry("a"), Entry("a")), "duplicate_name"),
    "case": (archive(Entry("a"), Entry("A")), "duplicate_name"),
    "normal forms": (archive(Entry("\u00e9"), Entry("e\u0301")), "duplicate_name"),
    "folder and file": (archive(Entry("a/", b""), Entry("a")), "duplicate_name"),
    "symlink": (archive(Entry("a", mode=0o120777)), "symlink"),
    "device": (archive(Entry("a", mode=0o020666)), "symlink"),
    "encrypted": (archive(Entry("a", flags=1)), "encrypted"),
    "method": (archive(Entry("a", method=12)), "unsupported_method"),
    "stored in two sizes": (archive(Entry("a", told={"size": 3})), "size_mismatch"),
    "crc": (archive(Entry("a", b"data")).replace(b"data", b"Data", 1), "crc_mismatch"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_archives(name):
    data, code = BAD[name]
    assert refusal(data) == code


def lying(entry, **fields):
    """Return an archive in which both headers tell the same lie."""
    for field, value in fields.items():
        setattr(entry, field, value)
    return archive(entry)


def test_lying_sizes():
    assert refusal(lying(Entry("a", b"x" * 100, method=8), size=99)) == "size_mismatch"
    assert refusal(lying(Entry("a", b"x" * 100, method=8), size=101)) == "size_mismatch"


def test_data_that_cannot_be_inflated():
    assert refusal(lying(Entry("a", b"x" * 100, method=8), body=b"\xff\xff\xff")) == "corrupt_data"
    entry = Entry("a", b"x" * 100, method=8)
    assert refusal(lying(entry, body=entry.body + b"more")) == "corrupt_data"
    entry = Entry("a", bytes(range(256)), method=8)
    assert refusal(lying(entry, body=entry.body[:-3])) in ("corrupt_data", "size_mismatch")


def test_entries_that_overlap():
    inner = Entry("b", b"inner")
    outer = Entry("a", inner.local())
    block = outer.local()
    at = len(block) - len(inner.local())
    directory = outer.directory(0) + inner.directory(at)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 2, 2, len(directory), len(block), 0)
    assert refusal(block + directory + end) == "overlap"


def test_headers_that_disagree():
    assert refusal(archive(Entry("a"), Entry("b", told={"crc": 1}))) == "bad_zip"
    assert refusal(archive(Entry("a", told={"size": 7, "packed": 7}))) == "bad_zip"


def test_limits():
    data = archive(Entry("a", b"x" * 50), Entry("b", b"x" * 60))
    assert refusal(data, file_bytes=len(data) - 1) == "too_large"
    assert refusal(data, entries=1) == "too_many_entries"
    assert refusal(data, inflated_bytes=109) == "bomb"
    assert len(read_zip(data, Limits(len(data), 110, 1, 2))) == 2


def test_a_bomb_is_refused_before_it_is_inflated():
    assert refusal(archive(Entry("a", bytes(2 << 20), method=8))) == "bomb"
    assert len(read_zip(archive(Entry("a", bytes(1 << 20), method=8)))["a"]) == 1 << 20


def test_every_truncation_is_refused():
    data = archive(Entry("a"), Entry("b", b"x" * 100, method=8))
    for length in range(len(data)):
        with pytest.raises(PackageError):
            read_zip(data[:length])
