"""Reads of a WebAssembly module what it imports and exports, without running it.

The structure is checked strictly: sections in order, each as long as it says. Function bodies are
checked by wasmtime where it is installed.
"""

from __future__ import annotations

from typing import NamedTuple

from remotemedia._zip import refuse

MAGIC = b"\0asm\x01\0\0\0"

_ORDER = (1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11)
"""Ids of sections in the order in which they stand; custom sections, 0, stand anywhere."""
_IMPORT, _FUNCTIONS, _EXPORT, _CODE = 2, 3, 7, 10
_FUNCTION, _TABLE, _MEMORY, _GLOBAL, _TAG = range(5)
KINDS = ("function", "table", "memory", "global", "tag")


class Link(NamedTuple):
    """An import, or an export (whose module is empty)."""

    module: str
    name: str
    kind: str


class Links(NamedTuple):
    """What a module takes and gives."""

    imports: list[Link]
    exports: list[Link]


class _MalformedError(ValueError):
    """The bytes are not a module."""


class _Reader:
    def __init__(self, data: memoryview, at: int = 0) -> None:
        self._data = data
        self.at = at

    @property
    def is_done(self) -> bool:
        return self.at == len(self._data)

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, length: int) -> memoryview:
        end = self.at + length
        if end > len(self._data):
            message = f"ends early, at byte {self.at}"
            raise _MalformedError(message)
        part = self._data[self.at : end]
        self.at = end
        return part

    def number(self, bits: int = 32) -> int:
        """Read an unsigned LEB128 number, at most as long as its bits need."""
        value = 0
        for shift in range(0, bits, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:  # noqa: PLR2004 - it is the last one
                if value >> bits:
                    break
                return value
        message = f"a number that is too large, at byte {self.at}"
        raise _MalformedError(message)

    def name(self) -> str:
        return str(self.take(self.number()), "utf-8")

    def limits(self) -> None:
        flags = self.byte()
        if flags > 7:  # noqa: PLR2004 - has a maximum, is shared, has 64 bits
            message = f"limits of an unknown form, at byte {self.at}"
            raise _MalformedError(message)
        bits = 64 if flags & 4 else 32
        self.number(bits)
        if flags & 1:
            self.number(bits)


def read_links(content: bytes, path: str) -> Links:
    """Return imports and exports of a module; refuses what is none (`invalid_wasm`)."""
    try:
        return _read(memoryview(content))
    except (_MalformedError, UnicodeDecodeError) as error:
        refuse("invalid_wasm", f"not a WebAssembly module: {error}", path)


def check_bodies(content: bytes, path: str) -> None:
    """Refuse a module that wasmtime finds invalid; without wasmtime nothing is checked."""
    try:
        import wasmtime
    except ImportError:
        return
    try:
        wasmtime.Module.validate(wasmtime.Engine(), content)
    except wasmtime.WasmtimeError as error:
        refuse("invalid_wasm", f"not a WebAssembly module: {error}", path)


def _read(data: memoryview) -> Links:
    if data[: len(MAGIC)] != MAGIC:
        message = "it does not begin as one"
        raise _MalformedError(message)
    links, counts = Links([], []), {_FUNCTIONS: 0, _CODE: 0}
    reader, last = _Reader(data, len(MAGIC)), -1
    while not reader.is_done:
        kind = reader.byte()
        section = _Reader(reader.take(reader.number()))
        if kind == 0:
            section.name()
            continue
        if kind not in _ORDER or _ORDER.index(kind) <= last:
            message = f"section {kind} is unknown, or not where it may be"
            raise _MalformedError(message)
        last = _ORDER.index(kind)
        if kind in counts:
            counts[kind] = section.number()
        if kind in (_IMPORT, _EXPORT):
            read = _read_import if kind == _IMPORT else _read_export
            found = links.imports if kind == _IMPORT else links.exports
            found += [read(section) for _ in range(section.number())]
            if not section.is_done:
                message = f"section {kind} is longer than what it holds"
                raise _MalformedError(message)
    if counts[_FUNCTIONS] != counts[_CODE]:
        message = f"{counts[_FUNCTIONS]} functions with {counts[_CODE]} bodies"
        raise _MalformedError(message)
    return links


def _read_import(section: _Reader) -> Link:
    module, name, kind = section.name(), section.name(), section.byte()
    if kind == _FUNCTION:
        section.number()
    elif kind == _TABLE:
        section.byte()
        section.limits()
    elif kind == _MEMORY:
        section.limits()
    elif kind == _GLOBAL:
        section.take(2)
    elif kind == _TAG:
        section.byte()
        section.number()
    return Link(module, name, _kind(kind))


def _read_export(section: _Reader) -> Link:
    name, kind = section.name(), section.byte()
    section.number()
    return Link("", name, _kind(kind))


def _kind(number: int) -> str:
    if number >= len(KINDS):
        message = f"there is no kind {number} of import or export"
        raise _MalformedError(message)
    return KINDS[number]
