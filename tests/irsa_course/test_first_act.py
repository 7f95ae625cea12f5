"""The first minute of the course: let in, refused for a letter, let in again, nothing left."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from irsa_course.first_act import NAMESPACE, ROLE, SCENES, Act, first_act
from irsa_helpers import oidc, roles, tokens
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.typed import core_v1
from tests.watching import until_none


def test_a_pod_is_let_in_refused_and_let_in_again(world: SandboxWorld) -> None:
    oidc.ensure_no_provider(world)
    act, seen = Act(world), world.trace()
    arn = act.begin()
    assert f":assumed-role/{ROLE}/" in arn
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in act.break_a_letter()
    refused = [hop for hop in world.trace(seen[-1]["seq"] if seen else 0) if hop["outcome"] != "ok"]
    assert refused[-1]["kind"] == "trust-policy"
    assert "visitor" in refused[-1]["detail"]["fix"]
    assert f":assumed-role/{ROLE}/" in act.mend()
    act.end()
    assert roles.describe_role(world, ROLE) is None
    assert oidc.describe_provider(world) is None
    until_none(core_v1(world).list_namespaced_pod, NAMESPACE)


def refuse(_: Act) -> str:
    raise IrsaLabError("the Pod is gone")


def test_the_scenes_are_played_in_their_order(
    world: SandboxWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "application/vnd.jupyter.widget-view+json" in first_act(world)._repr_mimebundle_()
    view = first_act(world).widget()
    seen = threading.Event()

    def look(change: Any) -> None:
        if any(hop["kind"] == "session" for hop in change["new"]):
            seen.set()

    view.observe(look, "hops")
    tokens.request_token(world, "default")  # somebody else in this world
    view._handle_custom_msg({"scene": 1}, [])
    assert (view.at, view.answer) == (0, ""), "the second scene waits for the first"
    view._handle_custom_msg({"scene": 0}, [])
    assert f":assumed-role/{ROLE}/" in view.answer
    assert (view.at, view.busy) == (1, False)
    assert seen.wait(60), "the hops are shown as they happen"
    assert {hop["detail"]["namespace"] for hop in view.hops} == {NAMESPACE}, "and nobody else's"
    Act(world).end()
    monkeypatch.setattr(Act, "_ask", refuse)
    view._handle_custom_msg({"scene": 1}, [])
    assert (view.at, view.busy) == (1, False), "what fails is told, and may be tried again"
    assert view.said.startswith("That did not go well")
    view.close()


def test_without_a_kernel_it_is_told() -> None:
    bundle = first_act(object())._repr_mimebundle_()  # type: ignore[arg-type]
    assert set(bundle) == {"image/svg+xml", "text/plain"}
    for title, _, _ in SCENES:
        assert title in bundle["text/plain"]
