"""Bundles in the host of browsers: their nodes are found, their files cannot be written."""

import json
import math
import stat

from arena import arena, one, parts
from made_bundles import CLAMP, CLAMP_ENTRY, files_of

from remotemedia._hosts.pyodide import DONE, connect
from remotemedia._zip import write_zip

ID = "5a" * 32


def laid_out(folder, files):
    for name, content in files_of(files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return str(folder)


def host_with(folder, files, *entries):
    host = connect()
    assert host.add_bundle(laid_out(folder, files), ID, json.dumps(entries)) == 1
    return host


def outputs(host, spec, items):
    handle = host.open(spec)
    assert handle
    rounds = [*range(len(items))]
    length = host.run(handle, math.inf, 0, *parts((rounds, 0, items)))
    status, _, packets, error = arena(host, length)
    assert (status, error) == (DONE, None)
    return packets[0][1].values


def left_error(host):
    """The error that a call left in the arena that returned 0."""
    length = int.from_bytes(host.arena()[12:16], "little")
    return json.loads(host.arena()[16 : 16 + length])


def test_nodes_of_a_bundle_run_beside_the_built_in(tmp_path):
    host = host_with(tmp_path, {"nodes/clamp.py": CLAMP}, CLAMP_ENTRY)
    assert outputs(host, one("ClampNode", {"high": 2.0}), [-1, 1, 5]) == [0, 1, 2]
    assert outputs(host, one("MultiplyNode"), [2]) == [4]


def test_files_are_read_only_and_wheels_unpacked(tmp_path):
    wheel = write_zip({"greeting/__init__.py": b"", "greeting-1.0.dist-info/WHEEL": b""})
    files = {
        "nodes/clamp.py": CLAMP,
        "assets/a/table.json": "{}",
        "wheels/greeting-1.0-py3-none-any.whl": wheel,
    }
    host_with(tmp_path, files, CLAMP_ENTRY)
    assert (tmp_path / "site" / "greeting" / "__init__.py").is_file()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_file()}
    assert modes == {0o444}
    folders = [tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o555}


def test_a_class_that_the_catalog_tells_otherwise(tmp_path):
    host = host_with(tmp_path, {"nodes/clamp.py": CLAMP}, {**CLAMP_ENTRY, "stateful": True})
    assert host.open(one("ClampNode")) == 0
    error = left_error(host)
    assert (error["name"], error["code"]) == ("RuntimeLoadError", "catalog_mismatch")
    assert error["node_type"] == "ClampNode"


def test_what_cannot_be_laid_out_is_an_error_in_the_arena(tmp_path):
    host = connect()
    root = laid_out(tmp_path, {"wheels/broken-1.0-py3-none-any.whl": "no archive"})
    assert host.add_bundle(root, ID, "[]") == 0
    error = left_error(host)
    assert (error["name"], error["code"]) == ("PackageError", "not_a_zip")
