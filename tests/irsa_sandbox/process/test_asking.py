"""The program that answers for the helpers: started when asked, and again when it has ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from irsa_helpers.worlds.sandbox import SandboxWorld
from irsa_sandbox.process.asking import Helpers


@pytest.fixture
def helpers(world: SandboxWorld) -> Iterator[Helpers]:
    asking = Helpers(Path(world.sandbox["home"]))
    yield asking
    asking.close()


def test_it_is_started_by_a_question_and_again_after_its_end(helpers: Helpers) -> None:
    assert {"roles", "accounts", "verdict"} <= helpers.ask({"view": "trust"}).keys()
    program = helpers._program
    assert program is not None
    program.kill()
    program.wait()
    assert "roles" in helpers.ask({"view": "trust"})
    helpers.close()
    assert "roles" in helpers.ask({"view": "trust"})


def test_where_it_ends_the_log_is_named(tmp_path: Path) -> None:
    helpers = Helpers(tmp_path)
    assert "sandbox.log says why" in helpers.ask({"view": "trust"})["error"]
    helpers.close()
