"""Pipelines of bundles with nodes of their own, natively: who may run what."""

import json
import sys

import pytest
from made_bundles import CLAMP, CLAMP_ENTRY, catalog, clamp_bundle, manifest, sources, wheel
from segments import chain

from remotemedia import CapabilityError, ManifestError, NodeError, Pipeline, RuntimeLoadError
from remotemedia._bundle_cache import remove
from remotemedia._package import manifest_in, new_key, pack, public_key_text, sign

HINTS = ["auto", "python"]
ORIGIN = "https://api.example.com"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("REMOTEMEDIA_CACHE", str(tmp_path / "cache"))
    yield tmp_path / "cache"
    remove(tmp_path / "cache")


def refusal(pipeline):
    with pytest.raises(CapabilityError) as caught:
        pipeline.run_sync([1])
    return caught.value


@pytest.mark.parametrize("hint", HINTS)
def test_a_bundle_that_nobody_trusts_does_not_run(hint, cache):
    pipeline = Pipeline.from_package(clamp_bundle(), runtime_hint=hint)
    error = refusal(pipeline)
    assert error.code == "untrusted_code"
    assert "with your rights" in error.message
    with pytest.raises(CapabilityError):
        pipeline.preload()
    assert not cache.exists()


@pytest.mark.parametrize("hint", HINTS)
def test_a_bundle_that_the_user_trusts_runs(hint, cache):
    pipeline = Pipeline.from_package(clamp_bundle(), trust=True, runtime_hint=hint)
    assert pipeline.run_sync([-1, 5, 50]) == [0.0, 5, 10.0]
    assert pipeline.run_sync([3]) == [3]
    assert len([*(cache / "bundles").iterdir()]) == 1


@pytest.mark.parametrize("hint", HINTS)
def test_own_and_built_in_nodes_together(hint):
    mixed = chain([("EchoNode", {}), ("TakeNode", {})])
    source = CLAMP.replace("ClampNode", "TakeNode").replace('aliases=["Clamp"]', "")
    source = source.replace("max(item,", "max(item['input'],")
    entry = CLAMP_ENTRY | {"type": "TakeNode", "aliases": []}
    files = {"manifest.json": mixed, "nodes/clamp.py": source, "catalog.json": catalog(entry)}
    pipeline = Pipeline.from_package(clamp_bundle(files), trust=True, runtime_hint=hint)
    assert pipeline.run_sync([0.5, 7]) == [0.5, 1.0]


def test_a_trusted_signature_is_enough():
    key = new_key()
    signed = sign(clamp_bundle(), key)
    assert refusal(Pipeline.from_package(signed)).code == "untrusted_code"
    others = [public_key_text(new_key())]
    assert refusal(Pipeline.from_package(signed, trusted_keys=others)).code == "untrusted_code"
    trusted = Pipeline.from_package(signed, trusted_keys=[public_key_text(key)])
    assert trusted.run_sync([5]) == [5]


def poisoned(tmp_path):
    """A bundle whose module leaves a trace when it is imported."""
    trace = tmp_path / "imported"
    return trace, clamp_bundle({"nodes/clamp.py": f"open({str(trace)!r}, 'w').close()\n{CLAMP}"})


@pytest.mark.parametrize("hint", HINTS)
def test_validating_and_planning_run_no_code_of_a_bundle(tmp_path, hint):
    trace, bundle = poisoned(tmp_path)
    pipeline = Pipeline.from_package(bundle, trust=True, runtime_hint=hint)
    (segment,) = pipeline.plan()["segments"]
    assert segment["place"] == "python"
    serialized = json.loads(pipeline.serialize())
    assert serialized["nodes"][0]["params"] == {"low": 0.0, "high": 10.0}
    assert not trace.exists()
    pipeline.run_sync([1])
    assert trace.exists()


@pytest.mark.parametrize("hint", HINTS)
def test_params_are_checked_by_the_catalog(hint):
    wrong = {"manifest.json": chain([("Clamp", {"high": "x", "hi": 1})])}
    with pytest.raises(ManifestError) as caught:
        Pipeline.from_package(clamp_bundle(wrong), runtime_hint=hint).plan()
    assert {(issue.code, issue.path) for issue in caught.value.issues} == {
        ("bad_param", "$.nodes[0].params.high"),
        ("unknown_param", "$.nodes[0].params.hi"),
    }


def test_origins_must_be_granted():
    bundle = clamp_bundle(capabilities={"network": [ORIGIN, "http://localhost:8000"]})
    error = refusal(Pipeline.from_package(bundle, trust=True))
    assert error.code == "not_granted"
    assert ORIGIN in error.message
    assert "http://localhost:8000" in error.message
    error = refusal(Pipeline.from_package(bundle, trust=True, grant_network=[ORIGIN]))
    assert ORIGIN not in error.message
    for grant in ("all", [ORIGIN, "http://localhost:8000", "https://other.example"]):
        pipeline = Pipeline.from_package(bundle, trust=True, grant_network=grant)
        assert pipeline.run_sync([5]) == [5]


def test_origins_of_a_bundle_without_code():
    plain = {
        "manifest.json": manifest(("AddNode", {"addend": 1}), capabilities={"network": [ORIGIN]}),
        "nodes/clamp.py": None,
        "catalog.json": None,
    }
    bundle = clamp_bundle(plain)
    assert refusal(Pipeline.from_package(bundle)).code == "not_granted"
    assert Pipeline.from_package(bundle, grant_network=ORIGIN).run_sync([5]) == [6]


def test_a_catalog_that_lies():
    lying = CLAMP_ENTRY | {"summary": "Harmless."}
    bundle = clamp_bundle({"catalog.json": catalog(lying)})
    with pytest.raises(RuntimeLoadError) as caught:
        Pipeline.from_package(bundle, trust=True).run_sync([1])
    assert (caught.value.code, caught.value.node_type) == ("catalog_mismatch", "ClampNode")


def test_an_error_shows_the_authors_line():
    source = CLAMP.replace("        return min", "        1 / item\n        return min")
    pipeline = Pipeline.from_package(clamp_bundle({"nodes/clamp.py": source}), trust=True)
    with pytest.raises(NodeError) as caught:
        pipeline.run_sync([0])
    line = source.split("\n").index("        1 / item") + 1
    assert f'nodes/clamp.py", line {line}, in process\n    1 / item' in caught.value.traceback
    assert "_bundle_import" not in caught.value.traceback


READER = '''
from remotemedia import Node


class ReadNode(Node):
    """Tells what stands in a file of the bundle."""

    def process(self, item):
        return self.bundle_file(item).read_text()
'''


def reader(folder):
    files = {
        "manifest.json": chain([("ReadNode", {})]),
        "nodes/clamp.py": READER,
        "models/a/net.txt": "a net",
    }
    return sources(folder, files)


def test_nodes_read_files_of_their_bundle(tmp_path):
    folder = reader(tmp_path / "src")
    bundle = pack(manifest_in(folder))
    for pipeline in (Pipeline.from_package(bundle, trust=True), Pipeline.from_package(folder)):
        assert pipeline.run_sync("models/a/net.txt") == "a net"
        for name in ("nodes/clamp.py", "models/../nodes/clamp.py", "/etc/passwd"):
            with pytest.raises(NodeError, match="PermissionError: ReadNode can read"):
                pipeline.run_sync(name)
        with pytest.raises(NodeError, match="FileNotFoundError"):
            pipeline.run_sync("models/none")


def test_a_folder_is_the_users_own(tmp_path):
    folder = sources(tmp_path / "src")
    assert Pipeline.from_package(folder).run_sync([50]) == [10.0]
    # What changes is seen by the next pipeline, in the same process.
    (folder / "nodes" / "clamp.py").write_text(CLAMP.replace("self.high)", "self.high) + 1"))
    assert Pipeline.from_package(str(folder)).run_sync([50]) == [11.0]
    assert not list(folder.rglob("__pycache__"))


def test_a_folder_with_wheels(tmp_path, cache):
    name, content = wheel("clamping_f", "1.0", {"clamping_f.py": "LIMIT = 7.0\n"})
    source = CLAMP.replace("self.high)", "clamping_f.LIMIT)")
    files = {"nodes/clamp.py": f"import clamping_f\n{source}", f"wheels/{name}": content}
    folder = sources(tmp_path / "src", files)
    assert Pipeline.from_package(folder).run_sync([50]) == [7.0]
    assert sys.modules["clamping_f"].__file__.startswith(str(cache))


def test_a_bundle_with_a_wheel():
    entry = CLAMP_ENTRY | {"module": "clamping_b.own"}
    name, content = wheel("clamping_b", "1.0", {"clamping_b/own.py": CLAMP})
    files = {f"wheels/{name}": content, "nodes/clamp.py": None, "catalog.json": catalog(entry)}
    bundle = clamp_bundle(files)
    assert refusal(Pipeline.from_package(bundle)).code == "untrusted_code"
    assert Pipeline.from_package(bundle, trust=True).run_sync([50]) == [10.0]


def test_versions_of_required_packages():
    def requiring(*packages):
        entry = CLAMP_ENTRY | {"requires": [*packages], "aliases": []}
        source = CLAMP.replace('aliases=["Clamp"]', f"requires={[*packages]}")
        return clamp_bundle({"nodes/clamp.py": source, "catalog.json": catalog(entry)})

    pipeline = Pipeline.from_package(requiring("numpy>=2,<99"), trust=True)
    assert pipeline.plan()["segments"][0]["requires"] == ["numpy"]
    assert pipeline.run_sync([5]) == [5]
    for wrong in ("numpy>=99", "no-such-package>=1"):
        with pytest.raises(RuntimeLoadError, match=wrong):
            Pipeline.from_package(requiring(wrong), trust=True).run_sync([5])
