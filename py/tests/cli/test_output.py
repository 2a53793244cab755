"""Output: files of JSON and WAV, metrics, what a terminal gets."""

import io
import json
import sys

import numpy as np
import pytest
from command_line import PASS, Terminal, give_stdin, run, wav, write_manifest
from segments import chain

from remotemedia.cli import main
from remotemedia.nodes._wav import decode

TWO = chain([("PassThroughNode", {}), ("AddNode", {"addend": 1})]) | {"connections": []}
DECODE = chain([("WavDecodeNode", {})])
STEREO = [[16384, -16384], [-32768, 32767], [0, 1]]


@pytest.fixture
def echo(tmp_path):
    return write_manifest(tmp_path, PASS)


def audio(samples, rate=8000):
    data = np.asarray(samples, "<f4")
    fields = {"sample_rate": rate, "channels": len(data), "data": base64_of(data.tobytes())}
    return {"$audio": fields}


def base64_of(data):
    import base64

    return base64.b64encode(data).decode()


def test_json_files(echo, tmp_path, capsys):
    for name, text in (("out.json", '[1, "é"]\n'), ("out.jsonl", '1\n"é"\n')):
        assert run(echo, '[1, "é"]', "--output", tmp_path / name) == 0
        assert (tmp_path / name).read_text("utf-8") == text
    assert capsys.readouterr().out == ""
    two = write_manifest(tmp_path, TWO, "two.json")
    assert run(two, "[1, 2]", "-o", tmp_path / "out.json") == 0
    assert json.loads((tmp_path / "out.json").read_text()) == {"n0": [1, 2], "n1": [2, 3]}
    assert run(two, "5", "-o", tmp_path / "out.jsonl") == 0
    assert (tmp_path / "out.jsonl").read_text() == '{"n0": 5}\n{"n1": 6}\n'


def test_lines_into_a_file(echo, tmp_path, monkeypatch):
    give_stdin(monkeypatch, "1\nx\n")
    assert run(echo, "--lines", "-o", tmp_path / "out.json") == 0
    assert json.loads((tmp_path / "out.json").read_text()) == [1, "x"]


def test_a_file_and_what_was_measured(echo, tmp_path, capsys):
    assert run(echo, "[1]", "-o", tmp_path / "out.json", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["metrics"]["total_executions"] == 1
    assert "outputs" not in told


def test_a_run_that_fails_leaves_the_file_as_it_was(tmp_path):
    add = write_manifest(tmp_path, chain([("AddNode", {})]))
    out = tmp_path / "out.json"
    out.write_text("before")
    assert run(add, '[1, "x"]', "-o", out) == 1
    assert out.read_text() == "before"
    assert {path.name for path in tmp_path.iterdir()} == {"manifest.json", "out.json"}


def test_a_folder_is_no_file_to_write(echo, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["pack", ".", "-o", "."]) == 2
    assert "Is a directory: '.'" in capsys.readouterr().err
    (tmp_path / "out.json").mkdir()
    assert run(echo, "[1]", "-o", "out.json") == 2
    assert [path.name for path in (tmp_path / "out.json").iterdir()] == []


@pytest.mark.parametrize("wav_format", ["pcm16", "float32"])
def test_a_wav_file_holds_the_samples_that_came(tmp_path, wav_format):
    (tmp_path / "in.wav").write_bytes(wav(STEREO))
    out = tmp_path / "out.wav"
    decoder = write_manifest(tmp_path, DECODE)
    assert run(decoder, f"@{tmp_path}/in.wav", "-o", out, "--wav-format", wav_format) == 0
    if wav_format == "pcm16":
        assert out.read_bytes() == wav(STEREO)
    else:
        assert out.stat().st_size == 44 + 3 * 2 * 4
    found = decode(out.read_bytes()).samples.T * 32768
    assert found.tolist() == STEREO


def test_audio_beyond_full_scale_is_limited_and_rounded_half_to_even(echo, tmp_path):
    samples = [[2.0, -2.0, 1.0, 0.5 / 32768, 1.5 / 32768]]
    assert run(echo, json.dumps([audio(samples)]), "-o", tmp_path / "out.wav") == 0
    assert (tmp_path / "out.wav").read_bytes() == wav([[32767], [-32768], [32767], [0], [2]])


def test_pieces_of_audio_make_one_file(echo, tmp_path):
    pieces = json.dumps([audio([[0.5]]), audio([[-0.5, 0]])])
    assert run(echo, pieces, "-o", tmp_path / "out.wav") == 0
    assert (tmp_path / "out.wav").read_bytes() == wav([[16384], [-16384], [0]])


def test_an_encoded_file_is_written_as_it_is(echo, tmp_path):
    given = json.dumps([{"$bytes": base64_of(wav(STEREO))}])
    assert run(echo, given, "-o", tmp_path / "out.wav") == 0
    assert (tmp_path / "out.wav").read_bytes() == wav(STEREO)


WRONG = {
    "no audio to write": [],
    "takes audio": [5],
    "one rate": [audio([[0]]), audio([[0]], 16000)],
    "one number of channels": [audio([[0]]), audio([[0], [0]])],
    "this is bytes": [audio([[0]]), {"$bytes": "AA=="}],
    "more after a whole file": [{"$bytes": "AA=="}, audio([[0]])],
}


@pytest.mark.parametrize("told", WRONG)
def test_what_is_no_audio_makes_no_wav_file(echo, tmp_path, capsys, told):
    assert run(echo, json.dumps(WRONG[told]), "-o", tmp_path / "out.wav") == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out.wav").exists()


def test_several_sinks_make_no_wav_file(tmp_path, capsys):
    two = write_manifest(tmp_path, TWO)
    assert run(two, "1", "-o", tmp_path / "out.wav") == 2
    assert "n0, n1" in capsys.readouterr().err


def test_a_wav_file_has_a_greatest_size(echo, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("remotemedia.cli._wav_file._MOST", 46)
    assert run(echo, json.dumps([audio([[0]])]), "-o", tmp_path / "out.wav") == 0
    assert run(echo, json.dumps([audio([[0, 0]])]), "-o", tmp_path / "out.wav") == 2
    assert "4 GiB" in capsys.readouterr().err


def test_other_files_are_refused_before_the_run(echo, tmp_path, capsys):
    assert run(echo, "1", "-o", tmp_path / "out.mp3") == 2
    assert ".wav, .json, .jsonl" in capsys.readouterr().err


def test_metrics_are_a_table_on_standard_error(tmp_path, capsys):
    path = write_manifest(tmp_path, chain([("MultiplyNode", {}), ("TextProcessorNode", {})]))
    assert run("--runtime", "auto", path, "[1, 2]", "--metrics") == 0
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 2
    head, multiply, text, _, crossing_head, *crossings, last = captured.err.splitlines()
    assert head.split() == ["node", "type", "runtime", "calls", "errors", "total", "each"]
    assert multiply.split()[:5] == ["n0", "MultiplyNode", "rust", "2", "0"]
    assert text.split()[:5] == ["n1", "TextProcessorNode", "python", "2", "0"]
    assert crossing_head.split() == ["from", "to", "packets", "bytes"]
    assert any(line.split()[:2] == ["rust:runtime", "python"] for line in crossings)
    assert last.startswith("total ")
    assert "loading wasm" in last


def test_metrics_of_one_runtime_have_no_crossings(echo, capsys):
    assert run(echo, "[1]", "--metrics") == 0
    assert "packets" not in capsys.readouterr().err


def test_a_terminal_gets_progress_that_goes_away(echo, monkeypatch, capsys):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    assert run(echo, "[1]") == 0
    assert "run: " in terminal.getvalue()
    assert "\x1b[2K" in terminal.getvalue()  # the line is cleared
    assert capsys.readouterr().out == "1\n"
    for quiet in (["--json"], ["--metrics"]):
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        assert run(echo, "[1]", *quiet) == 0
        assert "\x1b" not in sys.stderr.getvalue()


def test_a_terminal_gets_tables_with_colours(echo, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    assert run(echo, "[1]", "--metrics", "--json") == 0
    assert terminal.getvalue() == ""
    assert run(echo, "[1]", "--metrics") == 0
    assert "\x1b[1mnode" in terminal.getvalue()
