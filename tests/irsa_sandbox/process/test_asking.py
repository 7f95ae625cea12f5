"""The program that answers for the course: started when asked, and again when it has ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from irsa_helpers.worlds.sandbox import SandboxWorld
from irsa_sandbox.process.asking import CourseProgram


@pytest.fixture
def program(world: SandboxWorld) -> Iterator[CourseProgram]:
    asking = CourseProgram(Path(world.sandbox["home"]))
    yield asking
    asking.close()


def test_it_is_started_by_a_question_and_again_after_its_end(program: CourseProgram) -> None:
    assert {"roles", "accounts", "verdict"} <= program.ask({"view": "trust"}).keys()
    process = program._program
    assert process is not None
    process.kill()
    process.wait()
    assert "roles" in program.ask({"view": "trust"})
    program.close()
    assert program._program is None


def test_where_it_ends_the_log_is_named(tmp_path: Path) -> None:
    program = CourseProgram(tmp_path)
    assert "sandbox.log says why" in program.ask({"view": "trust"})["error"]
    program.close()
