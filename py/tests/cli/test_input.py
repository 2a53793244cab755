"""Input: JSON, files, standard input, lines, recordings."""

import json
import os
import signal
import subprocess
import sys

import pytest
from command_line import PASS, give_stdin, run, wav, write_manifest
from segments import chain

HALF = [[16384], [-32768], [0], [1]]
CHUNKS = chain([("AudioChunkerNode", {"chunk_size": 4})])


@pytest.fixture
def echo(tmp_path):
    return write_manifest(tmp_path, PASS)


def test_json_on_standard_input(echo, capsys, monkeypatch):
    give_stdin(monkeypatch, '[1, {"$bytes": "AA=="}]')
    assert run(echo, "-") == 0
    assert capsys.readouterr().out == '1\n{"$bytes": "AA=="}\n'


def test_lines_are_json_if_they_parse_else_text(echo, capsys, monkeypatch):
    give_stdin(monkeypatch, '5\n[1, 2]\nhello {\n\n"x"\nNaN\n{"$number": "NaN"}')
    assert run(echo, "--lines") == 0
    lines = ["5", "[1, 2]", '"hello {"', '""', '"x"', '"NaN"', '{"$number": "NaN"}']
    assert capsys.readouterr().out.splitlines() == lines


def test_lines_as_text(echo, tmp_path, capsys):
    (tmp_path / "in.txt").write_text("5\ntrue\n")
    assert run(echo, f"@{tmp_path}/in.txt", "--text") == 0
    assert capsys.readouterr().out == '"5"\n"true"\n'


def test_lines_with_json_output_give_one_object(echo, capsys, monkeypatch):
    give_stdin(monkeypatch, "1\n2\n")
    assert run(echo, "--lines", "--json") == 0
    assert json.loads(capsys.readouterr().out)["outputs"] == [1, 2]


@pytest.mark.parametrize("runtime", ["python", "rust"])
def test_each_line_is_answered_before_the_next_one_comes(echo, runtime):
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "remotemedia.cli", "run", echo, "--lines"]
    command += ["--runtime", runtime]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        for line in ["1\n", "2\n", "3\n"]:
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == line
        process.stdin.close()
        assert process.wait() == 0


def test_ctrl_c_ends_the_wait_for_a_line(echo):
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "remotemedia.cli", "run", echo, "--lines"]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        process.stdin.write("1\n")
        process.stdin.flush()
        assert process.stdout.readline() == "1\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "interrupted\n"
        assert process.wait() == 130


def test_a_line_that_is_no_value_is_bad_input(echo, capsys, monkeypatch):
    give_stdin(monkeypatch, '1\n{"$bytes": "!"}\n')
    assert run(echo, "--lines") == 2
    captured = capsys.readouterr()
    assert captured.out in ("", "1\n")
    assert "$bytes" in captured.err


def test_lines_come_from_files_and_go_to_all_sources(echo, capsys):
    assert run(echo, "[1]", "--lines") == 2
    assert "lines come from - (standard input) or from @FILE" in capsys.readouterr().err
    assert run(echo, "--lines", "--source", "n0=1") == 2
    assert "not with --source" in capsys.readouterr().err


def test_several_sinks_of_a_stream_are_named(tmp_path, capsys, monkeypatch):
    spec = chain([("PassThroughNode", {}), ("AddNode", {"addend": 1})]) | {"connections": []}
    give_stdin(monkeypatch, "1\n")
    assert run(write_manifest(tmp_path, spec), "--lines") == 0
    assert capsys.readouterr().out == '{"n0": 1}\n{"n1": 2}\n'


@pytest.mark.parametrize("runtime", ["python", "rust"])
def test_a_recording_is_audio_where_audio_is_taken(tmp_path, capsys, runtime):
    (tmp_path / "in.wav").write_bytes(wav(HALF))
    path = write_manifest(tmp_path, CHUNKS)
    assert run(path, "--runtime", runtime, f"@{tmp_path}/in.wav") == 0
    audio = json.loads(capsys.readouterr().out)["$audio"]
    assert (audio["sample_rate"], audio["channels"]) == (8000, 1)
    assert run(path, "--runtime", runtime, "--source", f"n0=@{tmp_path}/in.wav") == 0
    assert json.loads(capsys.readouterr().out)["$audio"] == audio


def test_a_node_of_rust_alone_takes_audio(tmp_path, capsys):
    (tmp_path / "in.WAV").write_bytes(wav(HALF))
    path = write_manifest(tmp_path, chain([("GainNode", {"gain_db": 0})]))
    assert run(path, "--runtime", "auto", f"@{tmp_path}/in.WAV") == 0
    assert "$audio" in capsys.readouterr().out


def test_a_recording_is_bytes_where_bytes_are_taken(tmp_path, capsys):
    (tmp_path / "in.wav").write_bytes(wav(HALF))
    for first in ("WavDecodeNode", "PassThroughNode"):
        path = write_manifest(tmp_path, chain([(first, {})]))
        assert run(path, f"@{tmp_path}/in.wav") == 0
        assert list(json.loads(capsys.readouterr().out)) == [
            {"WavDecodeNode": "$audio"}.get(first, "$bytes")
        ]


def test_what_a_recording_gives_can_be_said(echo, tmp_path, capsys):
    (tmp_path / "in.wav").write_bytes(wav(HALF))
    assert run(echo, "--audio", f"@{tmp_path}/in.wav") == 0
    assert "$audio" in capsys.readouterr().out
    assert run(write_manifest(tmp_path, CHUNKS), "--bytes", f"@{tmp_path}/in.wav") == 1
    assert "bytes" in capsys.readouterr().err


def test_a_broken_recording_is_bad_input(tmp_path, capsys):
    (tmp_path / "in.wav").write_bytes(b"RIFF1234WAVE")
    assert run(write_manifest(tmp_path, CHUNKS), f"@{tmp_path}/in.wav") == 2
    assert "in.wav: the file has no fmt chunk" in capsys.readouterr().err


def test_a_folder_is_a_pipeline(tmp_path, capsys):
    write_manifest(tmp_path, PASS)
    assert run(tmp_path, "7") == 0
    assert capsys.readouterr().out == "7\n"
    assert run(tmp_path / "..", "7") == 2


def program(echo, *arguments, **variables):
    """Run it as a program of its own, whose encoding is that of the variables."""
    return subprocess.run(
        [sys.executable, "-m", "remotemedia.cli", *arguments],
        input='"größe 😀"'.encode(),
        capture_output=True,
        env={**os.environ, "PYTHONUTF8": "0", **variables},
        check=True,
    ).stdout


@pytest.mark.parametrize("how", [["-"], ["--lines"]])
def test_standard_input_is_utf_8_whatever_the_system_says(echo, how):
    told = program(echo, "run", echo, *how, PYTHONIOENCODING="cp1252")
    assert json.loads(told) == "größe 😀"


def test_an_output_that_lacks_characters_gets_escapes(echo):
    told = program(echo, "nodes", "AudioChunkerNode", PYTHONIOENCODING="ascii")
    assert rb"\u2265 1" in told
