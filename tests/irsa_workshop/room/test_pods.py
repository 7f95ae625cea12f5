"""A Python command in a Pod of a seat: a fork of one that is ready, and to the learner no other."""

from __future__ import annotations

import json
from typing import Any

import psutil
import pytest

from irsa_workshop.room.learner import Learner

WHO_STARTED_ME = "import os; print(os.getppid())"
COMMANDS: dict[str, list[str]] = {
    "words": ["python", "-c", "import sys; print(sys.argv, sys.path[0], __name__)", "a", "b c"],
    "place": ["python", "-c", "import os; print(os.getcwd(), os.environ['HOME'], os.getuid())"],
    "umask": ["python", "-c", "import os; print(oct(os.umask(0)))"],
    "token": [
        *("python", "-c"),
        "import os; print(open(os.environ['AWS_WEB_IDENTITY_TOKEN_FILE']).read())",
    ],
    "stranger": ["python", "-c", "import os; print(os.environ.get('AWS_DATA_PATH'))"],
    "failure": ["python", "-c", "def fail():\n    1 / 0\nfail()"],
    "no-python": ["python", "-c", "1 +"],
    "status": ["python", "-c", "raise SystemExit(7)"],
    "signal": ["python", "-c", "import os; os.kill(os.getpid(), 15)"],
    "module": ["python", "-c", "import pickle, __main__\nclass A: pass\nprint(pickle.dumps(A()))"],
    "aws": ["aws", "sts", "get-caller-identity", "--query", "Arn", "--output", "text"],
    "aws-inside": ["python", "-c", "from awscli.clidriver import main; main(['sts', 'help-me'])"],
    "aws-wrong": ["aws", "sts", "get-everything"],
    "aws-refused": ["aws", "s3", "ls", "s3://another"],
}
IN_POD = """
import json
from irsa_helpers import catch_up, connect
from irsa_helpers.pods import exec_in_pod, wait_for_pod
world = connect()
catch_up(world, through="deployment")
pod = wait_for_pod(world, "s3-access-app").metadata.name
def said(words):
    answer = exec_in_pod(world, pod, words)
    return [answer.exit_code, answer.stdout, answer.stderr]
print(json.dumps([said(words) for words in COMMANDS]))
"""


@pytest.fixture(scope="module")
def said(visit: Any) -> list[list[Any]]:
    """What two Pythons say of their parents; then of each command, as itself and behind `env`."""
    both = [[*first, *words] for words in COMMANDS.values() for first in ([], ["env"])]
    parents = [["python", "-c", WHO_STARTED_ME], ["env", "python", "-c", WHO_STARTED_ME]]

    async def run(learner: Learner) -> str:
        code = f"COMMANDS = {parents + both!r}\n{IN_POD}"
        return await learner.run(code, seconds=180)

    told = visit("Ana", run)
    answers: list[list[Any]] = json.loads(told[told.index("[[") : told.rindex("]]") + 2])
    return answers


def test_it_is_a_fork_unless_another_program_starts_it(said: list[list[Any]]) -> None:
    parents = [psutil.Process(int(out)).cmdline() for _, out, _ in said[:1]]
    assert [words[-1] for words in parents] == ["pod"]
    assert said[0][1] != said[1][1]


@pytest.mark.parametrize("name", COMMANDS)
def test_it_says_what_it_says_where_it_starts_anew(said: list[list[Any]], name: str) -> None:
    place = 2 + 2 * list(COMMANDS).index(name)
    fork, plain = said[place : place + 2]
    assert fork == plain
