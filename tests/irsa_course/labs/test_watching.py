"""Goals that tick themselves: looked at when the world has changed, told to a room once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from irsa_course.labs.live import LabHops, LiveGoals
from irsa_course.labs.watching import RESTS, Sight, Watch
from irsa_helpers.ground import happenings
from irsa_helpers.labs import engine
from irsa_helpers.labs.clearing import clear_scene
from irsa_helpers.labs.goals import ATTACKED, trusts_only_app
from irsa_helpers.labs.machinery import scene_of
from irsa_helpers.labs.model import Lab, find_lab
from irsa_helpers.labs.progress import Progress
from irsa_helpers.worlds.sandbox import SandboxWorld

SECONDS = 60
heard: list[dict[str, Any]] = []


def hear(kind: str, **facts: Any) -> None:
    """What a room would be told."""
    heard.append({"kind": kind, **facts})


@pytest.fixture
def progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Progress:
    """A learner who has done nothing, in a room that listens."""
    monkeypatch.setenv(happenings.LISTENER_VARIABLE, f"{__name__}:hear")
    heard.clear()
    return Progress(tmp_path / "progress.sqlite3")


@pytest.fixture
def watching(world: SandboxWorld, progress: Progress) -> Iterator[Any]:
    """Start a lab of that number and watch it; nothing of it is left afterwards."""
    begun: list[Lab] = []

    def start(number: str) -> Watch:
        begun.append(find_lab(number))
        engine.start(world, begun[-1], progress)
        return Watch(world, begun[-1], progress)

    yield start
    for lab in begun:
        clear_scene(world, lab.namespace)


def reached(sight: Sight) -> set[str]:
    return {goal.name for goal in sight.goals if goal.reached}


def until_passed(sights: Iterator[Sight]) -> Sight:
    deadline = time.monotonic() + SECONDS
    for sight in sights:
        if sight.passed:
            return sight
        assert time.monotonic() < deadline, sight
    raise AssertionError("the watch has ended")


def test_goals_tick_as_the_world_changes_and_a_room_hears_of_each_once(
    world: SandboxWorld, watching: Any, progress: Progress
) -> None:
    watch = watching("01")
    lab, sights = watch.lab, watch.sights()
    first = next(sights)
    assert reached(first) == set(lab.goals) - set(lab.broken)
    engine.solution(world, lab, progress, apply=True)
    last = until_passed(sights)
    assert (last.debrief, last.seen) == (lab.debrief, lab.seen)
    assert progress.records()[lab.id].state == "done"
    assert progress.records()[lab.id].checks == 0, "nobody has asked for a check"
    numbers = [fact["reached"] for fact in heard]
    assert numbers == sorted(set(numbers)), "no goal is told twice"
    assert numbers[-1] == len(lab.goals)


def test_a_look_changes_nothing_that_would_lead_to_the_next_look(watching: Any) -> None:
    """Not even where half a day passes in each look."""
    watch = watching("23")
    deadline = time.monotonic() + SECONDS
    while True:
        before = watch.settled()
        watch.look()
        if watch.state() == before:
            return
        assert time.monotonic() < deadline, "each look changes the world"


def test_an_attack_changes_nothing_and_is_seen_all_the_same(
    world: SandboxWorld, watching: Any
) -> None:
    watch = watching("15")
    sights = watch.sights()
    assert ATTACKED not in reached(next(sights))
    scene_of(watch.lab, world).attack()
    assert ATTACKED in reached(next(sights))


def test_of_two_labs_the_one_that_was_started_last_is_watched(watching: Any) -> None:
    first = watching("01")
    second = watching("02")
    assert first.look().note == RESTS
    assert second.look().goals


def test_the_goals_tell_their_state_without_a_page(
    world: SandboxWorld, watching: Any, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = watching("01")
    monkeypatch.setattr("irsa_course.labs.watching.Progress", lambda: progress)
    shown = LiveGoals(world, watch.lab)
    bundle = shown._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "<strong>○ not yet</strong> the app reads its bucket" in bundle["text/html"]
    assert "✓ reached  the role may read its bucket" in bundle["text/plain"]
    shown.end()


def test_a_checks_own_handshakes_are_left_out() -> None:
    def hop(kind: str, account: str, session: str = "") -> dict[str, Any]:
        named = {"role_session_name": session} if session else {}
        return {"kind": kind, "detail": {"namespace": "a", "service_account": account, **named}}

    told = [
        hop("assume-role", "app-sa", "botocore-session-1"),
        hop("assume-role", "default", "lab-check"),
        hop("trust-policy", "app-sa"),
        hop("trust-policy", "default"),
        hop("assume-role", "default", "mine"),
        hop("trust-policy", "default"),
    ]
    as_shown = LabHops()
    assert [bool(as_shown(one)) for one in told] == [True, False, True, False, True, True]


def test_nothing_is_seen_of_a_check_that_tries_whom_sts_lets_in(
    world: SandboxWorld, watching: Any
) -> None:
    """A trust policy that admits nobody but the app makes the check ask STS itself."""
    scene = scene_of(watching("01").lab, world)
    scene.set_trust(scene.trust_policy())
    since = world.trace()[-1]["seq"]
    assert trusts_only_app(scene).reached
    hops = [hop for hop in world.trace(since) if hop["detail"].get("service_account") == "default"]
    assert {"token-request", "assume-role"} <= {hop["kind"] for hop in hops}
    as_shown = LabHops()
    assert [hop for hop in hops if as_shown(hop)] == []


def test_where_it_ends_is_shown_and_why_is_left_to_the_learner(
    world: SandboxWorld, watching: Any
) -> None:
    lab = watching("01").lab
    since = world.trace()[-1]["seq"]
    with pytest.raises(ClientError, match="AccessDenied"):
        scene_of(lab, world).become(lab.namespace, "app-sa", "by-hand")
    [refused] = [
        hop
        for hop in world.trace(since)
        if hop["kind"] == "trust-policy" and hop["detail"]["namespace"] == lab.namespace
    ][:1]
    assert {"explanation", "fix"} <= refused["detail"].keys()
    shown = LabHops()(refused)
    assert shown is not None
    assert shown["summary"] == refused["summary"]
    assert not {"decision", "explanation", "fix"} & shown["detail"].keys()
