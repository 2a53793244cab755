"""What holds for all commands: help, exit codes, what is missing, completion."""

import os
import subprocess
import sys

import pytest
from command_line import Terminal

from remotemedia import __version__
from remotemedia.cli import main
from remotemedia.cli._app import application

COMMANDS = ["run", "validate", "inspect", "nodes", "pack", "sign", "verify", "new"]


def program(*arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", "remotemedia.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )


def test_help_is_plain_text_where_it_is_piped(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in COMMANDS)
    assert "Exit codes: 0 ok" in text
    for name in COMMANDS[:-1]:
        assert main([name, "-h"]) == 0
        text = capsys.readouterr().out
        assert f"remotemedia {name}" in text
        assert "Examples:" in text
        assert "\x1b" not in text
        assert "╭" not in text
    assert main(["new", "node", "--help"]) == 0
    assert "remotemedia new node clamp\n" in capsys.readouterr().out


def test_help_on_a_terminal_has_boxes(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["run", "--help"]) == 0
    assert "╭" in terminal.getvalue()
    assert "'[5, 7, 3]'" in terminal.getvalue()  # not taken for markup


def test_without_arguments_there_is_help(capsys):
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "Usage: remotemedia" in "".join(capsys.readouterr())


def test_the_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"remotemedia {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["frob"], "No such command 'frob'"),
        (["run"], "Missing argument 'PIPELINE'"),
        (["run", "x", "--runtime", "cobol"], "--runtime"),
        (["run", "x", "--frob"], "No such option"),
        (["run", "x", "--source", "y"], "'y' is not ID=INPUT"),
        (["run", "x", "--source", "y=1", "--source", "y=2"], "'y' is there twice"),
        (["run", "x", "--timeout-ms", "0"], "must be > 0"),
        (["sign", "x"], "Missing option '--key'"),
    ],
)
def test_wrong_arguments_are_told_in_one_line(capsys, arguments, told):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("remotemedia: ")
    assert captured.err.count("\n") == 1
    assert told in captured.err


WITHOUT = """
import sys
sys.modules[{missing!r}] = None
from remotemedia.cli import main
sys.exit(main(["nodes"]))
"""


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_one_line_says_what_to_install(missing):
    code = WITHOUT.format(missing=missing)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (f"the command line needs {missing}: pip install 'remotemedia[cli]'\n")


def test_the_package_imports_neither_typer_nor_rich():
    code = "import remotemedia, remotemedia.cli, sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"typer", "rich", "argparse", "cryptography"} & set(done.stdout.split())


def test_output_that_nobody_reads_at_all():
    ours, theirs = os.pipe()
    os.close(ours)
    command = [sys.executable, "-m", "remotemedia.cli", "nodes"]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False)
    os.close(theirs)
    assert (done.returncode, done.stderr) == (141, "")


def test_completion_names_commands_and_writes_nothing(tmp_path):
    asked = {"_REMOTEMEDIA_COMPLETE": "complete_bash", "HOME": str(tmp_path), "COMP_CWORD": "1"}
    done = program(COMP_WORDS="remotemedia va", **asked)
    assert done.stdout.split() == ["validate"]
    script = program("--show-completion", "bash", HOME=str(tmp_path), SHELL="/bin/bash")
    assert script.returncode == 0
    assert [*tmp_path.iterdir()] == []


def test_every_option_has_help():
    from typer.main import get_command

    group = get_command(application())
    for command in (*group.commands.values(), *group.commands["new"].commands.values()):
        assert command.help, command.name
        for param in command.params:
            assert getattr(param, "help", None), (command.name, param.name)
