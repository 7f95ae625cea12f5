"""Each lab's whole way: broken, named by the doctor, wrong fixes refused, reset, solved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from irsa_course import tour
from irsa_helpers import roles
from irsa_helpers.doctor import doctor
from irsa_helpers.ground import state
from irsa_helpers.labs import engine, machinery
from irsa_helpers.labs.clearing import clear_scene
from irsa_helpers.labs.goals import ACTS, READS, READS_LATER, TRUSTS
from irsa_helpers.labs.model import Lab, all_labs, find_lab
from irsa_helpers.labs.progress import Progress
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import SandboxWorld

LABS = all_labs()
BROKEN = "broken"
SYMPTOMS = (READS, READS_LATER, ACTS, "the app reads the data account's bucket")


# Labs in which each wrong fix is told in a sentence of its own, and those fixes of them of which
# the goals show enough.
SPOKEN = {f"{number:02d}" for number in range(1, 18)} | {"44", "45", "46"}
SHOWN_BY_GOALS = {
    ("11", "keys_that_work"),
    ("16", "make_the_charts_role"),
    ("44", "unsealed"),
    ("44", "open_to_all"),
    ("45", "without_its_keepers"),
    ("45", "another_key"),
}


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


def missed(verdict: engine.Verdict) -> set[str]:
    return {goal.name for goal in verdict.goals if not goal.reached}


# Names and values, as in `s3:GetObject`, `lab-03`, `App-SA`: no words of a sentence.
VALUE = re.compile(r"(?=[\w:/.@*-]*(?:\w[:/.@*_-]\w|\d|[a-z][A-Z]))[\w:/.@*-]*\w\*?")


def given_away(lab: Lab, verdict: engine.Verdict) -> set[str]:
    """The values of the later hints and the solution that a check shows to somebody without them.

    What AWS tells the app is the symptom, which everybody sees.
    """
    told = [lab.story, lab.hints[0], *lab.goals, *lab.commands, *lab.cast.values()]
    told += [goal.found for goal in verdict.goals if goal.name.endswith(SYMPTOMS)]
    shown = [goal.expected for goal in verdict.goals if not goal.name.endswith(SYMPTOMS)]
    shown += [goal.found for goal in verdict.goals if not goal.name.endswith(SYMPTOMS)]
    kept = set(VALUE.findall(" ".join([*lab.hints[1:], machinery.solution_text(lab)])))
    return {each for each in kept if each in " ".join(shown) and each not in " ".join(told)}


def tells_the_slip(verdict: engine.Verdict) -> bool:
    """Whether the check says in a sentence of its own what the learner did."""
    new = any("What is new in it" in goal.found for goal in verdict.goals)
    return new or bool(verdict.slips)


def named_links(world: World, lab: Lab) -> set[str]:
    """The links that the doctor names, in the form of its words: `link` or `target:link`."""
    targets = {"deployment/app"} | {link.rpartition(":")[0] for link in lab.links if ":" in link}
    found = set()
    for target in targets:
        prefix = "" if target == "deployment/app" else f"{target}:"
        diagnosis = doctor(world, target, namespace=lab.namespace)
        found |= {prefix + link.name for link in diagnosis.problems}
    return found


def test_a_lab_is_broken_and_only_its_solution_mends_it(
    world: World, lab: Lab, progress: Progress
) -> None:
    for fix in machinery.wrong_fixes(lab):
        fix(machinery.scene_of(lab, world))
        wrong = engine.check(world, lab, progress)
        assert not wrong.passed, fix.__name__
        if lab.number in SPOKEN and (lab.number, fix.__name__) not in SHOWN_BY_GOALS:
            assert tells_the_slip(wrong), f"{fix.__name__}: {wrong}"
        engine.reset(world, lab, progress)
    # A reset is a start: looked at after the last one, both are judged.
    broken = engine.check(world, lab, progress)
    assert not broken.slips, "the lab's own fault is no slip of the learner's"
    assert [goal.name for goal in broken.goals] == list(lab.goals)
    assert missed(broken) == set(lab.broken), str(broken)
    assert not given_away(lab, broken), str(broken)
    assert set(lab.links) <= named_links(world, lab), "the doctor names the fault"

    engine.solution(world, lab, progress, apply=True)
    solved = engine.check(world, lab, progress)
    assert solved.passed, str(solved)
    assert solved.debrief == lab.debrief
    healthy = doctor(world, "deployment/app", namespace=lab.namespace)
    assert not [str(link) for link in healthy.links if link.state == BROKEN]


def test_a_slip_of_the_learners_own_is_named_and_the_labs_is_not(
    world: World, progress: Progress
) -> None:
    chosen = find_lab("02")
    engine.start(world, chosen, progress)
    scene = machinery.scene_of(chosen, world)

    def said(subject: str) -> str:
        condition = {scene.key("sub"): subject, scene.key("aud"): "sts.amazonaws.com"}
        scene.set_trust(scene.condition_trust({"StringEquals": condition}))
        return next(goal.found for goal in machinery.judge(chosen, world) if goal.name == TRUSTS)

    own = f"system:serviceaccount:{scene.namespace}"
    assert said(f"{own}:App-SA") == "it refuses the app's ServiceAccount"
    assert "there is white space in it" in said(f"{own}:App-SA ")
    assert "under StringEquals a `*` is just a character" in said(f"{own}:*")
    assert said(f"{own}:app-sa") == "it admits the app alone"
    clear_scene(world, scene.namespace)


@pytest.mark.parametrize("lab", LABS, ids=[lab.id for lab in LABS])
def test_a_lab_tells_symptoms_and_names_no_fix_in_its_story(lab: Lab) -> None:
    lab.refuse_gaps()
    assert len(machinery.wrong_fixes(lab)) >= 2
    assert set(lab.broken) <= set(lab.goals)
    assert lab.links
    assert len(set(lab.hints)) == 3


def test_two_labs_do_not_disturb_each_other(world: World, progress: Progress) -> None:
    """Also those about what a whole cluster or account has: the webhook and the provider."""
    chosen = [lab for lab in LABS if lab.id[:2] in {"01", "20", "21", "31"}]
    for each in chosen:
        engine.start(world, each, progress)
    engine.solution(world, chosen[0], progress, apply=True)
    assert engine.check(world, chosen[0], progress).passed
    for other in chosen[1:]:
        assert missed(engine.check(world, other, progress)) == set(other.broken), other.id
    for each in chosen:
        clear_scene(world, each.namespace)


def offset_of(world: SandboxWorld) -> float:
    """How far the time that all share is ahead of the machine's, in seconds."""
    return float(world.control("GET", "/status")["clock_offset_seconds"])


def reviewed(world: World, token: str) -> bool:
    """Whether the API server still takes a token that was made for STS."""
    spec = {"token": token, "audiences": ["sts.amazonaws.com"]}
    reviews: Any = world.resource("authentication.k8s.io/v1", "TokenReview")
    return bool(reviews.create(body={"spec": spec}).to_dict()["status"].get("authenticated"))


def test_half_a_day_in_one_lab_is_no_moment_in_another_nor_in_the_course(
    world: SandboxWorld, progress: Progress
) -> None:
    other, moving = (find_lab(number) for number in ("28", "24"))
    engine.start(world, other, progress)
    before, began = offset_of(world), missed(engine.check(world, other, progress))
    places = {other.namespace: Scene(world, other.namespace), "default": Scene(world, "default")}
    tokens = {
        name: scene.token(name, "app-sa" if name == other.namespace else "default")
        for name, scene in places.items()
    }

    engine.start(world, moving, progress)
    assert "Token expired" in str(engine.check(world, moving, progress))

    assert offset_of(world) == before
    assert missed(engine.check(world, other, progress)) == began
    assert all(reviewed(world, token) for token in tokens.values())
    for each in (other, moving):
        clear_scene(world, each.namespace)


def test_the_course_moves_its_own_time_and_no_labs(world: SandboxWorld, progress: Progress) -> None:
    lab = find_lab("24")
    engine.start(world, lab, progress)
    scene = Scene(world, lab.namespace)
    tokens = {name: scene.token(name, "default") for name in (lab.namespace, "default")}
    world.advance_clock(2 * 3600)
    assert {name: reviewed(world, token) for name, token in tokens.items()} == {
        lab.namespace: True,
        "default": False,
    }
    clear_scene(world, lab.namespace)


@pytest.mark.parametrize("number", ["01", "21", "31"])
def test_a_labs_notebook_runs_to_its_end(
    number: str, world: World, sandbox_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [chosen] = [lab for lab in LABS if lab.id.startswith(number)]
    monkeypatch.setenv(state.HOME_VARIABLE, str(sandbox_home))
    done = tour.execute(chosen.notebook)
    shown = "".join(str(cell.get("outputs")) for cell in done.cells)
    assert "Not there yet" in shown
    assert "Hint 1" not in shown, "a hint is not used up by running all cells"
    clear_scene(world, chosen.namespace)


def test_a_check_outlives_the_role_and_says_that_it_is_gone(
    world: World, progress: Progress
) -> None:
    chosen = find_lab("43")  # whose own goal asks about the role
    engine.start(world, chosen, progress)
    roles.ensure_no_role(world, Scene(world, chosen.namespace).role)
    verdict = engine.check(world, chosen, progress)
    assert [goal.name for goal in verdict.goals] == list(chosen.goals)
    assert any("The role lab-43-app-role is gone" in slip for slip in verdict.slips)
    clear_scene(world, chosen.namespace)
