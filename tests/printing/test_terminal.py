"""What a person sees on a terminal, and what a program reads where there is none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from irsa_helpers import course, roles
from irsa_helpers.printing.terminal import marked, rows, say, verdict
from irsa_helpers.worlds.sandbox import SandboxWorld

pty = pytest.importorskip("pty", reason="Windows has no pty")
PROGRAM = str(Path(sys.executable).with_name("irsa-lab"))
COLOUR = re.compile(r"\x1b\[[\d;]*m")
STEERING = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


def on_a_terminal(command: list[str], **variables: str) -> str:
    """What a program writes to a terminal of 100 columns."""
    theirs, ours = os.openpty()
    given = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    given.pop("NO_COLOR", None)
    given |= variables
    with subprocess.Popen(command, stdin=ours, stdout=ours, stderr=ours, env=given) as running:
        os.close(ours)
        written = b"".join(iter(lambda: _read(theirs), b""))
        os.close(theirs)
        running.wait(60)
    return written.decode()


def _read(terminal: int) -> bytes:
    """The next bytes; none once the program has gone, which Linux tells by an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def in_a_pipe(command: list[str], **variables: str) -> str:
    """What a program writes to another one, which is all that it writes."""
    done = subprocess.run(
        command, env=os.environ | variables, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def home(sandbox_home: Path, world: SandboxWorld) -> dict[str, str]:
    """A learner who has done the first of the four steps."""
    course.catch_up(world, through="provider")
    roles.ensure_no_role(world, course.ROLE)
    return {"IRSA_LAB_HOME": str(sandbox_home)}


SHOWN = [("map", "○", "looking where you are"), ("check", "✗", "asking AWS and the cluster")]


@pytest.mark.parametrize(("command", "mark", "meanwhile"), SHOWN)
def test_a_terminal_gets_colours_and_a_pipe_the_same_words_with_the_verdict_last(
    home: dict[str, str], command: str, mark: str, meanwhile: str
) -> None:
    shown = on_a_terminal([PROGRAM, command], **home)
    piped = in_a_pipe([PROGRAM, command], **home)
    assert COLOUR.search(shown)
    assert meanwhile in shown
    assert "\x1b" not in piped
    assert meanwhile not in piped
    words = STEERING.sub("", shown).split()
    assert [word for word in piped.split() if len(word) < 60 and word not in words] == []
    lines = piped.rstrip().splitlines()
    assert all(line == line.rstrip() for line in lines)
    assert [line[:1] for line in lines[-3:-1]] == ["", mark]
    assert lines[-1].startswith("Next: ")


def test_whoever_wants_no_colours_gets_none(home: dict[str, str]) -> None:
    shown = on_a_terminal([PROGRAM, "status"], **home, NO_COLOR="1")
    assert "running" in shown
    assert not COLOUR.search(shown)


def test_cells_stand_below_one_another_and_a_long_last_one_stays_whole(capsys: Any) -> None:
    rows([("a", "1", "x" * 300), ("longer", "2", "y")])
    assert capsys.readouterr().out.splitlines() == ["a       1  " + "x" * 300, "longer  2  y"]
    rows([])
    assert capsys.readouterr().out == ""


def test_nothing_that_is_printed_steers_the_terminal_or_is_markup(capsys: Any) -> None:
    for text in ("\x1b[2J", "[red]no[/red]", "\u202eright to left"):
        say(text)
        rows([(text, text)])
        verdict("wrong", text, text, text)
        marked(f"PASS  {text}")
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert shown.count("[red]no[/red]") == 7


def test_a_goal_is_coloured_by_its_word_and_stays_as_it_is_in_a_pipe(capsys: Any) -> None:
    marked("PASS  one\n      found: it\nFAIL  two")
    assert capsys.readouterr().out == "PASS  one\n      found: it\nFAIL  two\n"
    code = "from irsa_helpers.printing.terminal import marked; marked('PASS  one')"
    assert "\x1b[32mPASS\x1b[0m  one" in on_a_terminal([sys.executable, "-c", code])


def test_a_sign_that_the_stream_cannot_write_is_no_error() -> None:
    code = (
        "from irsa_helpers.printing.terminal import say, verdict; say('✓ a'); verdict('right', 'b')"
    )
    told = in_a_pipe([sys.executable, "-c", code], PYTHONIOENCODING="cp1252")
    assert told.split() == ["?", "a", "?", "b"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_a_completion_is_printed_for_a_shell(shell: str) -> None:
    assert "_IRSA_LAB_COMPLETE" in in_a_pipe([PROGRAM, "completion", shell])


TYPED = """
eval "$(irsa-lab completion bash)"
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_LINE="{words}"
_irsa_lab_completion irsa-lab
echo "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("words", "offered"),
    [("irsa-lab ex", "exercises"), ("irsa-lab exercises 03-wr", "03-write")],
)
def test_bash_completes_commands_and_exercises(words: str, offered: str) -> None:
    folder = str(Path(PROGRAM).parent)
    path = os.pathsep.join([folder, os.environ["PATH"]])
    assert in_a_pipe(["bash", "-c", TYPED.format(words=words)], PATH=path).split() == [offered]
