"""The wall between two teams, as notebook 07 shows it; the notebook itself walks the real one."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from irsa_course.tenants import Answer, Walls, Way, how_it_reads
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds import World

REFUSED = Answer(
    False, "An error occurred (AccessDenied) when calling the GetObject operation: User: … is not"
)
READ = Answer(True, "the plan")


def walls(**others: Answer) -> Walls:
    """Each team reads its own plan alone, but for what is given."""
    usual = {"blue_blue": READ, "blue_green": REFUSED, "green_blue": REFUSED, "green_green": READ}
    answers = {tuple(pair.split("_")): answer for pair, answer in (usual | others).items()}
    return Walls({(reader, owner): answer for (reader, owner), answer in answers.items()})


def test_a_wall_that_holds_has_no_faults() -> None:
    assert walls().faults == []
    assert "✗" not in str(walls())
    assert "AccessDenied on GetObject" in str(walls())


def test_who_reads_another_plan_and_who_is_locked_out_is_named() -> None:
    assert walls(green_blue=READ).faults == ["green reads the plan of blue"]
    assert walls(blue_blue=REFUSED).faults == ["blue is locked out"]
    assert str(walls(green_blue=READ)).count("✗ reads it") == 1


@pytest.mark.parametrize(
    ("reader", "answer", "said"),
    [
        ("green", READ, "✗ Escaped."),
        ("green", REFUSED, "✓ The wall holds."),
        ("blue", READ, "✓ Reads."),
        ("blue", REFUSED, "✗ Locked out."),
    ],
)
def test_what_was_reached_is_told_by_mark_and_word(reader: str, answer: Answer, said: str) -> None:
    shown = Way(reader, "blue", answer, (("AWS sees", "`a role`"),))._repr_mimebundle_()
    assert shown["text/plain"].startswith(said)
    page = BeautifulSoup(shown["text/html"], "html.parser")
    assert said in page.get_text()
    assert [code.get_text() for code in page.find_all("code")] == ["a role"]


def test_a_team_without_a_role_is_told_so(world: World, namespace: str) -> None:
    with pytest.raises(IrsaLabError, match="names no role that there is"):
        how_it_reads(world, "bucket", namespace, of="blue")
