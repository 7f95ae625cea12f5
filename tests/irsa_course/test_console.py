"""What the console asks of the helpers: the bench and the map, and nothing of open labs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from irsa_course.console import Desk
from irsa_helpers import oidc, roles, serviceaccounts, trust
from irsa_helpers.ground import state
from irsa_helpers.ground.store import FILE
from irsa_helpers.labs.model import find_lab
from irsa_helpers.labs.progress import Progress
from irsa_helpers.worlds.sandbox import SandboxWorld


@pytest.fixture
def role(world: SandboxWorld, namespace: str) -> Iterator[str]:
    """A role that admits the ServiceAccount `app` of a fresh namespace, which names it."""
    name = f"console-{namespace}"
    oidc.ensure_provider(world)
    roles.ensure_role(
        world, name, trust.build_trust_policy(oidc.provider_arn(world), namespace, "app")
    )
    arn = roles.role_arn(world, name)
    serviceaccounts.ensure_service_account(world, "app", namespace=namespace, role_arn=arn)
    yield name
    roles.ensure_no_role(world, name)


def asked(world: SandboxWorld, **question: Any) -> dict[str, Any]:
    return Desk(world).answer({"view": "trust", **question})


def test_a_roles_own_account_stands_before_it(
    world: SandboxWorld, role: str, namespace: str
) -> None:
    seen = asked(world, role=role)
    assert (seen["role"], seen["account"]) == (role, f"{namespace}/app")
    assert seen["verdict"]["admitted"]
    other = asked(world, role=role, account="default/default")
    assert other["claims"]["sub"] == "system:serviceaccount:default:default"
    assert not other["verdict"]["admitted"]
    assert asked(world, role="no-such-role")["role"] in seen["roles"]


def test_a_typed_policy_is_judged_and_applied(
    world: SandboxWorld, role: str, namespace: str
) -> None:
    desk = Desk(world)
    chosen = {"view": "trust", "role": role, "account": f"{namespace}/app"}
    saved = desk.answer(chosen)["policy"]
    text = saved.replace(f"{namespace}:app", f"{namespace}:apt")
    typed = desk.answer({**chosen, "policy": text})
    assert not typed["verdict"]["admitted"]
    assert typed["policy"] == saved, "nothing is applied by typing"
    applied = desk.answer({**chosen, "policy": text, "apply": True})
    assert applied["verdict"]["diff"] == []
    assert role in applied["said"]
    described = roles.describe_role(world, role)
    assert described is not None
    assert described["TrustPolicy"] == json.loads(text)
    assert "no JSON" in desk.answer({**chosen, "policy": "{", "apply": True})["verdict"]["error"]


def test_what_an_open_lab_is_about_is_not_told(world: SandboxWorld, role: str) -> None:
    lab = find_lab("01")
    progress = Progress(Path(world.sandbox["home"]) / FILE)
    name = f"{lab.namespace}-console-role"
    roles.ensure_role(
        world, name, trust.build_trust_policy(oidc.provider_arn(world), "default", "default")
    )
    progress.started(lab.id)
    seen = asked(world, role=name)
    assert lab.number in seen["withheld"]
    assert name not in seen["roles"]
    assert seen["role"] != name
    progress.done(lab.id)
    assert asked(world, role=name)["role"] == name
    roles.ensure_no_role(world, name)


def test_the_map_is_that_of_the_course(
    world: SandboxWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(state.HOME_VARIABLE, str(tmp_path))
    course = Desk(world).answer({"view": "map"})
    assert [place["name"][:2] for place in course["notebooks"]][:3] == ["00", "01", "02"]
    assert course["next_step"].startswith("notebooks/0")
    assert {"finished", "mark", "step"} <= course["notebooks"][0].keys()
