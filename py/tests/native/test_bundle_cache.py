"""The folders in which the files of bundles lie."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from made_bundles import wheel

from remotemedia import _bundle_cache
from remotemedia._bundle_cache import cache_folder, lay_out, remove

_, WHEEL = wheel("a", "1", {"a/__init__.py": "A = 1"})
FILES = {
    "manifest.json": b"{}",
    "nodes/a.py": b"x = 1\n",
    "assets/deep/b.bin": bytes(3 << 20),
    "models/m": b"",
    "wheels/a-1-py3-none-any.whl": WHEEL,
}
ID = "ab" * 32


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("REMOTEMEDIA_CACHE", str(tmp_path / "cache"))
    yield tmp_path / "cache"
    remove(tmp_path / "cache")


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("[!.]*")
        if path.is_file()
    }


EXPECTED = {name: data for name, data in FILES.items() if name.startswith(("n", "a", "mo"))}


def test_a_bundle_is_laid_out_once(cache):
    folder = lay_out(ID, FILES)
    assert folder == cache / "bundles" / ID
    found = content(folder)
    assert found.pop("site/a/__init__.py") == b"A = 1"
    assert {name for name in found if name.startswith("site/")} == {
        f"site/a-1.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD")
    }
    assert {name: data for name, data in found.items() if name[:5] != "site/"} == EXPECTED
    made = (folder / "nodes").stat().st_ino
    assert lay_out(ID, FILES) == folder
    assert (folder / "nodes").stat().st_ino == made
    assert [path.name for path in (cache / "bundles").iterdir()] == [ID]


def test_everything_is_read_only(cache):
    folder = lay_out(ID, FILES)
    inner = [path for path in folder.rglob("*") if path.name != ".complete.json"]
    assert inner
    assert not any(stat.S_IMODE(path.stat().st_mode) & 0o222 for path in inner)


def damage_content(folder):
    path = folder / "nodes/a.py"
    path.chmod(0o644)
    path.write_bytes(b"x = 2\n")


def damage_size(folder):
    path = folder / "assets/deep/b.bin"
    path.chmod(0o644)
    path.write_bytes(b"cut off")


def damage_index(folder):
    (folder / ".complete.json").write_text("[")


def remove_file(folder):
    (folder / "nodes").chmod(0o755)
    (folder / "nodes/a.py").unlink()


@pytest.mark.parametrize("damage", [damage_content, damage_size, damage_index, remove_file])
def test_a_damaged_folder_is_laid_out_anew(cache, damage):
    folder = lay_out(ID, FILES)
    before = content(folder)
    damage(folder)
    assert lay_out(ID, FILES) == folder
    assert content(folder) == before
    assert [path.name for path in (cache / "bundles").iterdir()] == [ID]


def test_a_folder_that_someone_else_has_made_is_not_used(cache, monkeypatch):
    folder = lay_out(ID, {**FILES, "nodes/a.py": b"x = 'planted'\n"})
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    assert content(lay_out(ID, FILES))["nodes/a.py"] == b"x = 1\n"
    assert content(folder)["nodes/a.py"] == b"x = 1\n"


def test_a_link_is_not_used(cache):
    planted = lay_out("ef" * 32, {**FILES, "nodes/a.py": b"x = 'planted'\n"})
    (cache / "bundles" / ID).symlink_to(planted, target_is_directory=True)
    assert content(lay_out(ID, FILES))["nodes/a.py"] == b"x = 1\n"
    assert content(planted)["nodes/a.py"] == b"x = 'planted'\n"
    assert {path.name for path in (cache / "bundles").iterdir()} == {ID, "ef" * 32}


def test_of_code_only_what_can_be_read_is_laid_out(cache):
    _, compiled = wheel("b", "1", {"b.py": "", "__pycache__/b.cpython-313.pyc": b"other code"})
    more = {
        "nodes/__pycache__/a.cpython-313.pyc": b"other code",
        "nodes/a.abi3.so": b"\x7fELF",
        "models/net.so": b"a model of that name is no code",
        "wheels/b-1-py3-none-any.whl": compiled,
    }
    found = content(lay_out(ID, FILES | more))
    assert {name for name in found if name.endswith((".pyc", ".so"))} == {"models/net.so"}
    assert {"nodes/a.py", "site/b.py"} <= found.keys()


PROCESS = """
import sys
from remotemedia._bundle_cache import lay_out
sys.stdout.write("ready\\n"); sys.stdout.flush()
sys.stdin.readline()
files = {f"assets/{number}": bytes(10_000) for number in range(300)}
folder = lay_out("cd" * 32, files)
assert {path.name for path in (folder / "assets").iterdir()} == {str(n) for n in range(300)}
print(folder)
"""


def test_several_processes_at_once(cache):
    environment = {**os.environ, "PYTHONPATH": str(Path(_bundle_cache.__file__).parents[1])}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(4)
    ]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = {process.communicate()[0].strip() for process in running}
    assert [process.returncode for process in running] == [0] * 4
    assert told == {str(cache / "bundles" / ("cd" * 32))}
    assert [path.name for path in (cache / "bundles").iterdir()] == ["cd" * 32]


def test_what_another_process_has_laid_out_meanwhile_stays(cache, monkeypatch):
    others = lay_out(ID, FILES)
    before = (others / "nodes").stat().st_ino
    whole = _bundle_cache._is_whole
    looks = []

    def at_first_not(path):
        looks.append(path)
        return len(looks) > 1 and whole(path)

    monkeypatch.setattr(_bundle_cache, "_is_whole", at_first_not)
    assert lay_out(ID, FILES) == others
    assert (others / "nodes").stat().st_ino == before
    assert [path.name for path in (cache / "bundles").iterdir()] == [ID]


FOR_NOW = """
import sys
from remotemedia._bundle_cache import lay_out
folder = lay_out("ef" * 32, {"assets/a": b"1"})
assert lay_out("ef" * 32, {}) == folder
assert (folder / "assets/a").read_bytes() == b"1"
print(folder)
"""


def test_where_no_cache_can_be_written_a_temporary_folder_goes_with_the_process(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("a file, where the cache should be")
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(_bundle_cache.__file__).parents[1]),
        "REMOTEMEDIA_CACHE": str(blocked),
        "TMPDIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", FOR_NOW], capture_output=True, text=True, env=environment, check=True
    )
    folder = Path(done.stdout.strip())
    assert folder.parent == tmp_path
    assert not folder.exists()


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("REMOTEMEDIA_CACHE", "/named")
    assert cache_folder() == Path("/named")
    monkeypatch.delenv("REMOTEMEDIA_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == tmp_path / ".cache/remotemedia"
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_folder() == Path("/xdg/remotemedia")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == tmp_path / "Library/Caches/remotemedia"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert cache_folder() == Path("/local/remotemedia")


def test_removing_what_is_read_only(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c").write_text("c")
    (tmp_path / "a/b").chmod(0o555)
    remove(tmp_path / "a")
    assert not (tmp_path / "a").exists()
