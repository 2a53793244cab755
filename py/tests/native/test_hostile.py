"""Both loaders say the same of every bundle of tests/hostile, in bounded memory.

The bundles are built by TypeScript code, so Node.js writes them; web/tests shows that its loader gives
the codes that they are listed with, tests/e2e that Chromium does.
"""

import base64
import json
import os
import subprocess
import sys

import hostile
import pytest
from archives import read_zip
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from vectors import ROOT

from remotemedia._package import sign, verify
from remotemedia._zip import write_zip

CHANGES = os.environ.get("REMOTEMEDIA_HOSTILE_CHANGES", "600")
SEED = os.environ.get("REMOTEMEDIA_HOSTILE_SEED", "1")
MOST_GROWTH = 64 << 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("hostile")
    command = ["node", "tests/hostile/write.mjs", str(target), CHANGES, SEED]
    subprocess.run(command, cwd=ROOT, check=True)
    yield target
    for path in target.iterdir():  # 200 MB that pytest would keep for three runs
        path.unlink()


@pytest.fixture(scope="module")
def index(folder):
    return json.loads((folder / "index.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def corpus(index):
    return [entry for entry in index if "code" in entry]


def test_every_case_has_its_code(folder, corpus):
    wrong = {}
    for case in corpus:
        found = hostile.verdict(folder / case["file"], case["options"])
        if found["code"] != case["code"] or found.get("trust", case["trust"]) != case["trust"]:
            wrong[case["name"]] = (found["code"], case["code"])
    assert wrong == {}
    assert len([case for case in corpus if case["code"]]) > 250


def test_bytes_are_read_as_files_are(folder, corpus):
    for case in corpus:
        path = folder / case["file"]
        if path.stat().st_size < 10_000:
            assert hostile.verdict(path.read_bytes(), case["options"])["code"] == case["code"]


def test_random_changes_get_the_same_verdict(folder, index):
    wrong = {}
    changes = [entry for entry in index if "verdict" in entry]
    for change in changes:
        found = hostile.verdict(folder / change["file"], change["options"])
        if one_of_two(found) != one_of_two(change["verdict"]):
            wrong[change["name"]] = (found, change["verdict"])
    assert wrong == {}
    verdicts = {change["verdict"]["code"] for change in changes}
    assert len(changes) == int(CHANGES)
    assert len(changes) < 300 or len(verdicts) > 8, "changes that reach more than one check"


def one_of_two(verdict):
    """Take what is both too long and corrupt for one: which is found first is up to zlib."""
    return {"code": "corrupt_data"} if verdict["code"] == "size_mismatch" else verdict


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_case_takes_much_memory(folder):
    command = [sys.executable, hostile.__file__, str(folder)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    found = json.loads(told)
    assert found["count"] > 300
    assert found["worst"]["growth"] <= MOST_GROWTH, found["worst"]


def test_what_webcrypto_signed_is_trusted_and_can_be_signed_anew(folder, corpus):
    (case,) = [case for case in corpus if case["name"] == "signed by a trusted key"]
    bundle = (folder / case["file"]).read_bytes()
    (key,) = case["options"]["trustedKeys"]
    assert verify(bundle, key) == hostile.load(bundle, case["options"]).key_id
    own = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
    assert base64.b64encode(own.public_key().public_bytes_raw()).decode() == key
    files = read_zip(bundle)
    anew = read_zip(sign(write_zip(files), own))
    # The same key, the same message: Ed25519 gives the same signature.
    assert json.loads(anew["signature.json"]) == json.loads(files["signature.json"])
