"""`remotemedia nodes`."""

import json
import sys

import pytest
from command_line import Terminal

from remotemedia import RuntimeLoadError
from remotemedia.cli import main


def told(capsys, *arguments):
    assert main(["nodes", *arguments]) == 0
    return capsys.readouterr().out


def test_all_nodes_of_all_runtimes_one_line_each(capsys):
    lines = told(capsys).splitlines()
    types = [line.partition("(")[0] for line in lines]
    assert len(types) == len(set(types))
    assert {"MultiplyNode", "TextProcessorNode", "GainNode"} <= set(types)  # both, Python, Rust
    assert "MultiplyNode(factor=2.0): Multiplies numbers by a factor." in lines
    assert "GainNode" not in told(capsys, "--runtime", "python")
    assert "TextProcessorNode" not in told(capsys, "--runtime", "rust")


def test_one_node_in_full(capsys):
    text = told(capsys, "AudioResampleNode")
    assert "runs in     python, rust" in text
    assert "needs       numpy" in text
    assert "input in    audio, map, list, tensor" in text
    assert "state       kept across items" in text
    rows = {line.split()[0]: line for line in text.splitlines() if line}
    assert "integer, Hz" in rows["target_sample_rate"]
    assert '"low"|"medium"|"high"' in rows["quality"]
    assert '"high"' in rows["quality"]


def test_aliases_required_params_and_lists(capsys):
    echo = told(capsys, "Echo")
    assert echo.startswith("EchoNode: ")
    assert "aliases     Echo\n" in echo
    assert "Also multiplier." in told(capsys, "MultiplyNode")
    zip_node = told(capsys, "ZipNode")
    ports = next(line for line in zip_node.splitlines() if line.startswith("ports "))
    assert "list of string" in ports
    assert "all different" in ports
    assert "required" in ports


def test_a_node_without_params_has_no_table(capsys):
    assert "default" not in told(capsys, "PassThrough")


def test_one_node_as_json_has_an_entry_per_runtime(capsys):
    entries = json.loads(told(capsys, "VADNode", "--json"))
    assert [entry["runtime"] for entry in entries] == ["python", "rust"]
    entries = json.loads(told(capsys, "--json", "--runtime", "rust"))
    assert {entry["runtime"] for entry in entries} == {"rust"}


@pytest.mark.parametrize(("name", "near"), [("VADNod", "VADNode"), ("qqqqqq", "qqqqqq\n")])
def test_an_unknown_node_names_near_ones(capsys, name, near):
    assert main(["nodes", name]) == 2
    assert near in capsys.readouterr().err


def test_without_the_rust_runtime_there_are_the_nodes_of_python(capsys, monkeypatch):
    def load():
        raise RuntimeLoadError("not here")

    monkeypatch.setattr("remotemedia.cli._pipelines.load_rust", load)
    assert "GainNode" not in told(capsys)
    assert "MultiplyNode" in told(capsys)


def test_on_a_terminal_the_table_has_colours(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    assert main(["nodes", "MultiplyNode"]) == 0
    assert "\x1b[1mparam" in terminal.getvalue()
