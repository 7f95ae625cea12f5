"""Each lab's whole way: broken, wrong fixes refused, solved, broken again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from irsa_helpers.labs import engine
from irsa_helpers.labs.model import Lab, all_labs
from irsa_helpers.labs.progress import Progress
from irsa_helpers.labs.scene import clear_scene
from irsa_helpers.world import World

LABS = all_labs()


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    """A learner who has done nothing."""
    return Progress(tmp_path / "progress.sqlite3")


@pytest.fixture(params=LABS, ids=[lab.id for lab in LABS])
def lab(request: pytest.FixtureRequest, world: World, progress: Progress) -> Iterator[Lab]:
    """Each lab, started; nothing of it is left afterwards."""
    chosen: Lab = request.param
    engine.start(world, chosen, progress)
    yield chosen
    clear_scene(world, chosen.namespace)


def _missed(verdict: engine.Verdict) -> set[str]:
    return {goal.name for goal in verdict.goals if not goal.reached}


def test_a_lab_is_broken_then_solved_then_broken_again(
    world: World, lab: Lab, progress: Progress
) -> None:
    first = engine.check(world, lab, progress)
    assert [goal.name for goal in first.goals] == list(lab.goals)
    assert _missed(first) == set(lab.broken), str(first)
    engine.solution(world, lab, progress, apply=True)
    solved = engine.check(world, lab, progress)
    assert solved.passed, str(solved)
    engine.reset(world, lab, progress)
    again = engine.check(world, lab, progress)
    assert _missed(again) == set(lab.broken), str(again)


def test_tempting_fixes_are_refused(world: World, lab: Lab, progress: Progress) -> None:
    assert lab.wrong_fixes()
    for fix in lab.wrong_fixes():
        engine.reset(world, lab, progress)
        fix(world)
        assert not engine.check(world, lab, progress).passed, fix.__name__


def test_two_labs_do_not_disturb_each_other(world: World, progress: Progress) -> None:
    one, other = LABS[:2]
    for each in (one, other):
        engine.start(world, each, progress)
    engine.solution(world, one, progress, apply=True)
    assert engine.check(world, one, progress).passed
    assert _missed(engine.check(world, other, progress)) == set(other.broken)
    for each in (one, other):
        clear_scene(world, each.namespace)
