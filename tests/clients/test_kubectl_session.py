"""A long session of kubectl, its output compared with expected text.

The text follows a session recorded with a real API server (v1.36) wherever that recording has the
command.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from irsa_helpers.worlds import environment
from tests.clients.session import EXPECTED, Step, run, settled, steps

STEPS = steps(EXPECTED.read_text(encoding="utf-8"))
# From here on it is the server that speaks: what it says to one client, it says to another.
SERVERS_WORDS = next(i for i, step in enumerate(STEPS) if step.command == "kubectl create ns more")
OURS = str(Path(sys.executable).with_name("kubectl"))
# What an older kubectl words in its own way; its exit code is compared all the same.
WORDED_BY_THE_CLIENT = re.compile(
    r"describe|delete|rollout undo|logs .* -c|explain|kubectl version|config view"
)


def other_kubectl() -> str | None:
    """The machine's kubectl, where it is not the one that the project installs."""
    found = shutil.which("kubectl", path="/usr/local/bin:/usr/bin:/bin")
    return found if found != OURS else None


def exit_code(output: str) -> str:
    found = re.search(r"\[exit (\d+)\]\s*$", output)
    return found[1] if found else "0"


def mismatch(step: Step, output: str, *, same_client: bool) -> str | None:
    """What is wrong with the output of a step, None where it is as expected."""
    found, wanted = settled(output), settled(step.output)
    if not same_client and WORDED_BY_THE_CLIENT.search(step.command):
        found, wanted = exit_code(found), exit_code(wanted)
    if found == wanted:
        return None
    return f"$ {step.command}\n--- expected\n{wanted}\n--- printed\n{found}\n"


def test_the_session_is_long() -> None:
    assert len(STEPS) > 100


@pytest.mark.parametrize("which", ["the project's", "the machine's"])
def test_every_command_prints_what_is_expected(sandbox: dict[str, Any], which: str) -> None:
    program = OURS if which == "the project's" else other_kubectl()
    if program is None:
        pytest.skip("this machine has no other kubectl")
    variables = environment.process_environment(sandbox)
    asked = STEPS if program == OURS else STEPS[:SERVERS_WORDS]
    answers = [(step, run(step.command, program, variables)) for step in asked]
    found = [mismatch(*each, same_client=program == OURS) for each in answers]
    wrong = [each for each in found if each]
    assert not wrong, f"{len(wrong)} of {len(asked)} differ:\n" + "\n".join(wrong)
