"""`requirements.txt` becomes wheels, with pip; the index is a folder of wheels made here."""

import subprocess
import sys

import pytest
from made_bundles import CLAMP, sources, wheel

from remotemedia import Package, PackageError, RuntimeLoadError
from remotemedia._package import manifest_in, pack
from remotemedia._resolving import Supplied, resolve

NODE_WITH_NUMPY = CLAMP.replace('aliases=["Clamp"]', 'requires=["numpy>=2"]')


@pytest.fixture
def index(tmp_path, monkeypatch):
    folder = tmp_path / "index"
    folder.mkdir()
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))

    def offer(name, version, *, files=None, **options):
        file, content = wheel(name, version, files or {f"{name}.py": "X = 1\n"}, **options)
        (folder / file).write_bytes(content)
        return content

    return offer


def packed(folder, requirements, files=None):
    folder = sources(folder, {"requirements.txt": requirements, **(files or {})})
    return Package.load(pack(manifest_in(folder)))


def wheels(package):
    return [name for name in package.files if name.startswith("wheels/")]


def refusal(folder, requirements, files=None):
    with pytest.raises(PackageError) as caught:
        packed(folder, requirements, files)
    return caught.value


def test_what_is_pinned_is_packed(index, tmp_path):
    first = index("tiny", "1.0")
    index("tiny", "2.0")
    files = {"nodes/clamp.py": f"import tiny\n{CLAMP}\nassert tiny.X == 1\n"}
    package = packed(tmp_path / "src", "# one\ntiny == 1.0  # pinned\n\n", files)
    assert wheels(package) == ["wheels/tiny-1.0-py3-none-any.whl"]
    assert package.files["wheels/tiny-1.0-py3-none-any.whl"] == first
    assert "tiny" not in sys.modules


def test_dependencies_go_along(index, tmp_path):
    index("a", "1.0", requires=["b (>=1)", 'extra_one ; extra == "more"'])
    index("b", "1.5", requires=["a"])
    index("extra_one", "1.0")
    plain = "a==1.0\nb==1.5"
    assert wheels(packed(tmp_path / "plain", plain)) == [
        "wheels/a-1.0-py3-none-any.whl",
        "wheels/b-1.5-py3-none-any.whl",
    ]
    with pytest.warns(UserWarning, match=r"not pin extra_one, which a needs: took extra_one==1.0"):
        package = packed(tmp_path / "more", "a[more]==1.0\nb==1.5")
    assert "wheels/extra_one-1.0-py3-none-any.whl" in wheels(package)


def test_extras_of_what_is_there(index, tmp_path):
    index("a", "1.0", requires=['c ; extra == "more"'])
    index("b", "1.0", requires=["a[more]"])
    index("c", "1.0")
    assert wheels(packed(tmp_path / "src", "a==1.0\nb==1.0\nc==1.0")) == [
        f"wheels/{name}-1.0-py3-none-any.whl" for name in "abc"
    ]
    (tmp_path / "src/requirements.txt").write_text("a==1.0\nb==1.0")
    with pytest.warns(UserWarning, match="not pin c, which a needs"):
        pack(manifest_in(tmp_path / "src"))


def test_pins_that_contradict_each_other(index, tmp_path):
    index("a", "1.0", requires=["b>=2"])
    index("b", "1.0")
    error = refusal(tmp_path / "src", "a==1.0\nb==1.0")
    assert error.code == "bad_requirement"
    assert "a needs b>=2, but there is 1.0" in error.message


def test_conditions_are_those_of_every_system(index, tmp_path):
    conditions = {
        "windows": 'sys_platform == "win32"',
        "browser": 'sys_platform == "emscripten"',
        "oldest": 'python_version < "3.12"',
        "newest": 'python_version >= "3.14"',
        "never": 'python_version < "3"',
    }
    index("a", "1.0", requires=[f"{name} ; {condition}" for name, condition in conditions.items()])
    for name in conditions:
        index(name, "1")
    pins = "\n".join(["a==1.0", *(f"{name}==1" for name in conditions if name != "never")])
    found = wheels(packed(tmp_path / "src", pins))
    assert found == [
        f"wheels/{name}-py3-none-any.whl"
        for name in ("a-1.0", "browser-1", "newest-1", "oldest-1", "windows-1")
    ]


def test_what_the_host_supplies(index, tmp_path):
    index("a", "1.0", requires=["numpy>=1.20"])
    error = refusal(tmp_path / "src", "a==1.0")
    assert (error.code, error.path) == ("bad_requirement", "requirements.txt")
    assert "no pure wheel of numpy" in error.message
    package = packed(tmp_path / "declared", "a==1.0", {"nodes/clamp.py": NODE_WITH_NUMPY})
    assert wheels(package) == ["wheels/a-1.0-py3-none-any.whl"]
    assert package.places["python"][0]["requires"] == ["numpy>=2"]


def test_wheels_that_are_there_are_taken(index, tmp_path):
    name, content = wheel("tiny", "1.0", {"tiny.py": "IS_MINE = True"})
    package = packed(tmp_path / "src", "Tiny==1.0", {f"wheels/{name}": content})
    assert package.files["wheels/tiny-1.0-py3-none-any.whl"] == content
    error = refusal(tmp_path / "src", "tiny==2.0")
    assert "needs tiny==2.0, but there is 1.0" in error.message


@pytest.mark.parametrize(
    "line",
    [
        *("tiny", "tiny>=1", "tiny==1.*", "-r other.txt", "./tiny", "tiny @ file:///x", "--pre"),
        *("--index-url==http://localhost", "-x==1", "tiny[b c]==1", "tiny==1!bad"),
    ],
)
def test_lines_that_pin_nothing(index, tmp_path, line):
    error = refusal(tmp_path / "src", f"\n{line}\n")
    assert error.code == "bad_requirement"
    assert "line 2" in error.message


@pytest.mark.parametrize("wrong", [{"requires": ["b (((("]}, {"python": "three"}])
def test_metadata_that_cannot_be_read(index, tmp_path, wrong):
    name, content = wheel("tiny", "1.0", {"tiny.py": ""}, **wrong)
    error = refusal(tmp_path / "src", "tiny==1.0", {f"wheels/{name}": content})
    assert (error.code, error.path) == ("bad_wheel", f"wheels/{name}")


def test_wheels_that_cannot_be_had(index, tmp_path):
    index("native", "1.0", tag="cp313-cp313-linux_x86_64")
    index("young", "1.0", python=">=3.12")
    index("old", "1.0", python="<3.13")
    for requirement in ("native==1.0", "missing==1.0", "young==1.0", "old==1.0"):
        error = refusal(tmp_path / requirement, requirement)
        assert error.code == "bad_requirement", requirement


def test_without_pip(index, tmp_path, monkeypatch):
    (tmp_path / "requirements.txt").write_text("tiny==1.0")

    def run(command, **_):
        return subprocess.CompletedProcess(command, 1, "", f"{sys.executable}: No module named pip")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(RuntimeLoadError, match="ensurepip"):
        resolve(tmp_path / "requirements.txt", {})


def test_no_requirements(tmp_path):
    files = {}
    assert resolve(tmp_path / "requirements.txt", files) == Supplied({})
    assert files == {}


def test_modules_in_the_current_folder_are_none_of_pip_s(index, tmp_path, monkeypatch):
    index("tiny", "1.0")
    (tmp_path / "pip.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    assert wheels(packed(tmp_path / "src", "tiny==1.0")) == ["wheels/tiny-1.0-py3-none-any.whl"]
