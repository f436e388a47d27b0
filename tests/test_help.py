"""What `--help` shows is true: each example runs, and shells complete what there is."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from digits.cli import app, main

ROOT = Path(__file__).parent.parent
PHOTO = ROOT / "digits" / "ui" / "examples" / "five on ruled paper.jpg"
COMMANDS = get_command(app).commands
EXAMPLES = [
    (name, example)
    for name, command in COMMANDS.items()
    for example in re.findall(r"^ *digits (.+)$", command.help, re.MULTILINE)
]
PREPARED = ("read", "evaluate", "serve", "doctor")  # what the folder below is enough for


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with what the examples name, as the working directory."""
    for name in ["photo.jpg", "folder/photo.jpg", "pictures/one.jpg"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(PHOTO, tmp_path / name)
    labels = tmp_path / "pictures" / "labels.csv"
    labels.write_text("file,text\none.jpg,5\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_shows_an_example_of_itself(name):
    assert any(of == name and example.startswith(name) for of, example in EXAMPLES)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_its_options(name, capsys):
    assert main([name, "--help"]) == 0
    shown = capsys.readouterr().out
    for parameter in COMMANDS[name].params:
        assert parameter.help, parameter.name
        for option in parameter.opts:
            assert option in shown


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_is_understood(name, example, folder):
    with COMMANDS[name].make_context(name, example.split()[1:]) as context:
        assert set(context.params) == {option.name for option in COMMANDS[name].params} - {"help"}


@pytest.mark.parametrize("example", [example for name, example in EXAMPLES if name in PREPARED])
def test_an_example_runs(example, folder, monkeypatch):
    served = []
    uvicorn = pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    monkeypatch.setattr(uvicorn.Server, "run", lambda server, sockets: served.append(sockets))
    monkeypatch.setattr("digits.io.listen.socket.create_server", lambda *_, **__: socket.socket())
    assert main(example.split()) == 0
    assert bool(served) == example.startswith("serve")


def complete(**environment: str) -> subprocess.CompletedProcess[str]:
    """Ask the command as a shell does when somebody presses the tab key."""
    code = "import sys; sys.argv[0] = 'digits'; from digits.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion(shell):
    done = complete(_DIGITS_COMPLETE=f"source_{shell}")
    assert done.returncode == 0, done.stderr
    assert "_DIGITS_COMPLETE" in done.stdout


def test_a_shell_completes_commands_and_options():
    words = {"_DIGITS_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    assert complete(**words, COMP_WORDS="digits do").stdout.split() == ["doctor"]
    words["COMP_CWORD"] = "2"
    assert complete(**words, COMP_WORDS="digits read --si").stdout.split() == ["--single"]
    words["COMP_CWORD"] = "3"
    offered = complete(**words, COMP_WORDS="digits read --format js").stdout.split()
    assert offered == ["json", "jsonl"]
