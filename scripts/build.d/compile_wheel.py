"""Adds bytecode to a wheel. Runs inside Pyodide, started by compile-wheel.mjs."""

import base64
import hashlib
import importlib.util
import py_compile
import tempfile
import zipfile
from pathlib import Path

LEFT_OUT = (
    "remotemedia/cli/",
    "remotemedia/_engine_thread.py",
    "remotemedia/_supervisor.py",
    *(
        f"remotemedia/_hosts/{name}.py"
        for name in ("compiled", "rust_module", "rust_segment", "surroundings", "wasmtime")
    ),
)
"""A browser has no command line, Pyodide neither threads nor wasmtime: none of this is imported."""


def compile_wheel(source: str, target: str) -> None:
    """Write to `target` the wheel `source` with a `.pyc` for every `.py`, without `LEFT_OUT`.

    The bytecode is of the kind that is never compared with its source: Pyodide's file system gives
    unpacked files new times, so that a time stamp would never match. The same source gives the same
    bytes.
    """
    with zipfile.ZipFile(source) as wheel:
        names = wheel.namelist()
        stale = [each for each in LEFT_OUT if not any(name.startswith(each) for name in names)]
        if stale:
            message = f"there is nothing to leave out like {', '.join(stale)}"
            raise ValueError(message)
        infos = [info for info in wheel.infolist() if not info.filename.startswith(LEFT_OUT)]
        entries = {info: wheel.read(info) for info in infos}
    record = next(info for info in entries if info.filename.endswith(".dist-info/RECORD"))
    del entries[record]

    for info, content in list(entries.items()):
        if info.filename.endswith(".py"):
            compiled = importlib.util.cache_from_source(info.filename)
            entries[_entry(compiled, info)] = _compile(info.filename, content)

    lines = [f"{info.filename},{_digest(data)},{len(data)}" for info, data in entries.items()]
    entries[record] = "\n".join([*lines, f"{record.filename},,", ""]).encode()
    with zipfile.ZipFile(target, "w") as wheel:
        for info, content in entries.items():
            wheel.writestr(info, content, zipfile.ZIP_DEFLATED, 9)


def _entry(name: str, like: zipfile.ZipInfo) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, like.date_time)
    info.external_attr = like.external_attr
    return info


def _compile(name: str, source: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "source.py")
        path.write_bytes(source)
        compiled = Path(folder, "source.pyc")
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(path), str(compiled), name, doraise=True, invalidation_mode=mode)
        return compiled.read_bytes()


def _digest(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return "sha256=" + digest.rstrip(b"=").decode()
