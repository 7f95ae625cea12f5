"""What a tour of the course types in place of a learner."""

from __future__ import annotations

import shlex
import shutil
import subprocess

from irsa_course.exercises.words import find_words
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from irsa_helpers.worlds import connect, environment, launch


def type_in_terminal(name: str) -> None:
    """Run the commands of an exercise's solution against the sandbox, as a terminal would.

    Raises IrsaLabError for the first one that fails, with what it said.
    """
    variables = environment.process_environment(launch.ensure_sandbox(state.home()))
    for line in find_words(name).solved(connect()).strip().splitlines():
        program, *words = shlex.split(line)
        path = shutil.which(program, path=variables["PATH"]) or program
        done = subprocess.run([path, *words], env=variables, capture_output=True, text=True)
        if done.returncode:
            raise IrsaLabError(f"{line}: {done.stderr.strip()}")
