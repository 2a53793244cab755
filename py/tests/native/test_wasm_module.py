"""The reader of modules agrees with wasmtime about what a module is."""

import os
from pathlib import Path

import pytest
import remotemedia_wasm
import wasmtime
from hypothesis import given
from hypothesis import strategies as st
from made_bundles import clamp_bundle

from remotemedia import Package, PackageError
from remotemedia._bundle_modules import EXPORTS, IMPORTS
from remotemedia._wasm_module import MAGIC, check_bodies, read_links

MODULE = bytes(
    wasmtime.wat2wasm(
        """(module
            (import "remotemedia" "rm_enter" (func (param i32 i32 f64)))
            (import "env" "t" (table 1 2 funcref))
            (import "env" "m" (memory 1 2))
            (import "env" "g" (global (mut i32)))
            (func $f (export "f") (result i32) i32.const 1)
            (global (export "g2") i64 (i64.const 7))
            (export "m2" (memory 0))
            (data (i32.const 0) "data"))"""
    )
)


def is_valid(content):
    try:
        wasmtime.Module.validate(wasmtime.Engine(), content)
    except wasmtime.WasmtimeError:
        return False
    return True


def is_read(content):
    try:
        read_links(content, "modules/a.wasm")
    except PackageError as error:
        return (error.code, error.path) != ("invalid_wasm", "modules/a.wasm")
    return True


def test_imports_and_exports():
    links = read_links(MODULE, "")
    assert [tuple(link) for link in links.imports] == [
        ("remotemedia", "rm_enter", "function"),
        ("env", "t", "table"),
        ("env", "m", "memory"),
        ("env", "g", "global"),
    ]
    assert [(link.name, link.kind) for link in links.exports] == [
        ("f", "function"),
        ("g2", "global"),
        ("m2", "memory"),
    ]


def test_the_runtime_itself():
    content = Path(remotemedia_wasm.runtime_path()).read_bytes()
    links, module = read_links(content, ""), wasmtime.Module(wasmtime.Engine(), content)
    assert [(link.module, link.name) for link in links.imports] == [
        (each.module, each.name) for each in module.imports
    ]
    assert [link.name for link in links.exports] == [each.name for each in module.exports]
    assert {"memory", *EXPORTS} < {link.name for link in links.exports}
    assert all(link.name in IMPORTS[link.module] for link in links.imports)


@given(st.integers(0, len(MODULE) - 1), st.binary(max_size=4), st.booleans())
def test_what_is_valid_is_read(at, change, cuts):
    end = len(MODULE) if cuts else at + len(change)
    changed = MODULE[:at] + change + MODULE[end:]
    if is_valid(changed):
        assert is_read(changed)


@given(st.binary(max_size=60))
def test_nothing_else_is_raised(content):
    is_read(MAGIC + content)


def test_every_truncation_is_noticed():
    for length in range(len(MODULE)):
        assert is_read(MODULE[:length]) <= is_valid(MODULE[:length])


def test_bodies_are_checked():
    wrong = MODULE.replace(b"\x41\x01\x0b", b"\x42\x01\x0b")  # gives an i64 instead of an i32
    assert wrong != MODULE
    assert is_read(wrong)
    with pytest.raises(PackageError) as caught:
        check_bodies(wrong, "a.wasm")
    assert caught.value.code == "invalid_wasm"


def module(*, imports="", exports=None):
    functions = "".join(f'(func (export "{name}"))' for name in exports or EXPORTS)
    return bytes(wasmtime.wat2wasm(f'(module {imports} (memory (export "memory") 1) {functions})'))


def refusal(content):
    with pytest.raises(PackageError) as caught:
        Package.load(clamp_bundle({"modules/a.wasm": content}))
    return caught.value.code


def test_modules_of_bundles():
    places = {"version": 1, "places": {"rust:a": []}}
    more = {"nodes/clamp.py": None, "catalog.json": places}
    content = module()
    package = Package.load(clamp_bundle({**more, "modules/a.wasm": content}))
    assert package.modules == {"a": content}
    assert not package.has_python
    wasi = "wasi_snapshot_preview1"
    for imports in (
        f'(import "{wasi}" "sock_send" (func))',
        f'(import "{wasi}" "path_unlink_file" (func))',
        '(import "env" "fd_write" (func))',
        f'(import "{wasi}" "fd_write" (global i32))',
    ):
        assert refusal(module(imports=imports)) == "unexpected_import"
    allowed = f'(import "{wasi}" "fd_write" (func))'
    Package.load(clamp_bundle({**more, "modules/a.wasm": module(imports=allowed)}))
    for missing in EXPORTS:
        others = [name for name in EXPORTS if name != missing]
        assert refusal(module(exports=others)) == "missing_export"


def test_modules_that_are_too_large():
    custom = b"\0" + bytes([0x80, 0x80, 0x80, 0x10]) + b"\x01a" + os.urandom((32 << 20) - 2)
    assert is_valid(MAGIC + custom)
    assert refusal(MAGIC + custom) == "invalid_wasm"
