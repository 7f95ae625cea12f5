"""The first minute of the course: let in, refused for a letter, let in again, nothing left."""

from __future__ import annotations

from irsa_course.first_act import NAMESPACE, ROLE, SCENES, Act, first_act
from irsa_helpers import oidc, roles
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


def test_the_buttons_are_pressed_in_their_order(world: SandboxWorld) -> None:
    row, said, view = first_act(world).widget().children
    assert [button.disabled for button in row.children] == [False, True, True, True]
    row.children[0].click()
    assert f":assumed-role/{ROLE}/" in said.value
    assert not row.children[1].disabled
    Act(world).end()
    view.close()


def test_without_a_kernel_it_is_told() -> None:
    bundle = first_act(object())._repr_mimebundle_()  # type: ignore[arg-type]
    assert set(bundle) == {"image/svg+xml", "text/plain"}
    for title, _, _ in SCENES:
        assert title in bundle["text/plain"]
