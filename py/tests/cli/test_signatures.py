"""`remotemedia sign` and `verify`."""

import json
import stat

import pytest
from archives import read_zip
from command_line import PASS, write_manifest

from remotemedia import Package
from remotemedia._package import load_private_key, public_key_text
from remotemedia._zip import write_zip
from remotemedia.cli import main


@pytest.fixture
def bundle(tmp_path, capsys):
    path = tmp_path / "it.rmpkg"
    write_manifest(tmp_path, PASS)
    assert main(["pack", str(tmp_path), "-o", str(path)]) == 0
    capsys.readouterr()
    return path


@pytest.fixture
def key(bundle, tmp_path, capsys):
    """The key that signed the bundle."""
    assert main(["sign", str(bundle), "--key", str(tmp_path / "my.key"), "--new-key"]) == 0
    capsys.readouterr()
    return tmp_path / "my.key"


def verify(*arguments):
    return main(["verify", *map(str, arguments)])


def test_a_new_key_signs_and_its_public_half_verifies(bundle, tmp_path, capsys):
    key = tmp_path / "my.key"
    assert main(["sign", str(bundle), "--key", str(key), "--new-key", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    public = public_key_text(load_private_key(key))
    assert told["public_key"] == public == (tmp_path / "my.key.pub").read_text().strip()
    assert told["key_id"] == Package.load(bundle).key_id
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    for trusted in (public, tmp_path / "my.key.pub"):
        assert verify(bundle, "--trusted-key", trusted) == 0
        assert "a key that you trust" in capsys.readouterr().out


def test_a_key_that_is_there_signs_into_another_file(bundle, key, tmp_path, capsys):
    before = bundle.read_bytes()
    again = tmp_path / "again.rmpkg"
    assert main(["sign", str(bundle), "--key", str(key), "-o", str(again)]) == 0
    assert "public key: " in capsys.readouterr().out
    assert bundle.read_bytes() == before == again.read_bytes()  # one key, one signature


def test_unsigned_and_signed_by_another(bundle, tmp_path, capsys):
    assert verify(bundle) == 1
    assert capsys.readouterr().out == f"{bundle}: not signed\n"
    assert main(["sign", str(bundle), "--key", str(tmp_path / "a.key"), "--new-key"]) == 0
    other = tmp_path / "other.rmpkg"
    arguments = ["--key", str(tmp_path / "b.key"), "--new-key", "-o", str(other)]
    assert main(["sign", str(bundle), *arguments]) == 0
    capsys.readouterr()
    assert verify(bundle, "--trusted-key", tmp_path / "b.key.pub") == 1
    told = capsys.readouterr().out
    assert "a key that you do not trust" in told
    assert (tmp_path / "a.key.pub").read_text().strip() in told
    assert verify(bundle, "--json") == 1
    assert json.loads(capsys.readouterr().out)["trust"] == "unknown-key"
    keys = ["--trusted-key", tmp_path / "b.key.pub", "--trusted-key", tmp_path / "a.key.pub"]
    assert verify(bundle, *keys) == 0


def test_a_bundle_that_was_changed_is_refused(bundle, key, capsys):
    files = read_zip(bundle.read_bytes())
    bundle.write_bytes(write_zip({**files, "metadata.json": b"{}"}))
    assert verify(bundle, "--trusted-key", f"{key}.pub", "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "hash_mismatch"


def test_a_signature_that_was_swapped_is_refused(bundle, key, tmp_path, capsys):
    other = read_zip(bundle.read_bytes())
    other["integrity.json"] += b" "
    bundle.write_bytes(write_zip(other))
    assert verify(bundle, "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "bad_signature"


def test_no_key_is_overwritten(bundle, key, capsys):
    before = key.read_bytes()
    assert main(["sign", str(bundle), "--key", str(key), "--new-key"]) == 2
    assert "exists" in capsys.readouterr().err
    assert key.read_bytes() == before


@pytest.mark.parametrize("half", ["my.key", "my.key.pub"])
def test_half_a_key_stays_as_it_is(bundle, key, tmp_path, capsys, half):
    lost = tmp_path / ({"my.key", "my.key.pub"} - {half}).pop()
    lost.unlink()
    before = (tmp_path / half).read_bytes()
    assert main(["sign", str(bundle), "--key", str(key), "--new-key"]) == 2
    assert half in capsys.readouterr().err
    assert (tmp_path / half).read_bytes() == before
    assert not lost.exists()  # it would be the half of another key


def test_what_is_no_key(bundle, tmp_path, capsys):
    bad = tmp_path / "bad.key"
    bad.write_text("secret")
    assert main(["sign", str(bundle), "--key", str(bad)]) == 2
    assert "not an Ed25519 private key" in capsys.readouterr().err
    for given in (bad, "c2hvcnQ=", tmp_path / "none.pub"):
        assert verify(bundle, "--trusted-key", given) == 2
        told = capsys.readouterr().err
        assert "neither a public key nor a file with one" in told
        assert "secret" not in told  # it may be the private key


def test_a_warning_is_told(bundle, key, capsys, monkeypatch):
    monkeypatch.setattr("remotemedia._package.is_right", lambda *_: None)
    assert verify(bundle, "--trusted-key", f"{key}.pub") == 1
    assert "warning: the signature is not verified" in capsys.readouterr().out
