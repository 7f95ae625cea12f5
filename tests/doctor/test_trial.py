"""A fix that the API server would not take says so."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from irsa_helpers.doctor import doctor
from irsa_helpers.doctor.result import Link
from irsa_helpers.doctor.trial import tried
from irsa_helpers.serviceaccounts import ensure_service_account
from irsa_helpers.worlds import World
from tests.typed import apps_v1

PATCH = "kubectl patch deployment app -n shop -p '{\"spec\": {}}'"
ANNOTATE = "kubectl annotate serviceaccount app -n shop --overwrite eks.amazonaws.com/role-arn=x"


def case(status: int, text: str = "{}") -> tuple[Any, list[Any]]:
    """A case whose API server answers a change so, and what it was asked."""
    asked: list[Any] = []

    def serialize(method: str, path: str, **members: Any) -> tuple[Any, ...]:
        asked.append((method, path, dict(members["query_params"]), members["body"]))
        return ()

    answer = SimpleNamespace(status=status, read=str, data=text.encode())
    client = SimpleNamespace(param_serialize=serialize, call_api=lambda *_: answer)
    return SimpleNamespace(world=SimpleNamespace(kubernetes=client)), asked


def test_a_change_is_tried_with_a_dry_run_and_shown_as_it_is_where_it_is_taken() -> None:
    here, asked = case(200)
    link = Link("annotation", "broken", fix=f"# why\n{ANNOTATE}\n{PATCH}\naws iam get-role")
    assert tried(here, link) == link
    [annotated, patched] = asked
    assert annotated[:2] == ("PATCH", "/api/v1/namespaces/shop/serviceaccounts/app")
    assert annotated[3] == {"metadata": {"annotations": {"eks.amazonaws.com/role-arn": "x"}}}
    assert patched[:2] == ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/app")
    assert {each[2]["dryRun"] for each in asked} == {"All"}


@pytest.mark.parametrize(
    ("status", "text", "told"),
    [
        (403, "{}", "# not tried: you may not make this change"),
        (422, json.dumps({"message": "no"}), "# the API server would refuse it: no"),
        (500, "oops", "# the API server would refuse it: oops"),
    ],
)
def test_a_change_that_is_not_taken_says_so(status: int, text: str, told: str) -> None:
    here, _ = case(status, text)
    assert tried(here, Link("x", "broken", fix=PATCH)).fix == f"{PATCH}\n{told}"


def test_trying_changes_nothing(world: World, namespace: str) -> None:
    arn = "arn:aws:iam::111122223333:role/x"
    ensure_service_account(world, "app", namespace=namespace)
    template = {
        "metadata": {"labels": {"a": "b"}, "annotations": {"eks.amazonaws.com/role-arn": arn}},
        "spec": {"serviceAccountName": "app", "nodeSelector": {"no": "node"},
                 "containers": [{"name": "app", "image": "busybox"}]},
    }  # fmt: skip
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    apps_v1(world).create_namespaced_deployment(namespace, {"metadata": {"name": "app"},
                                                            "spec": spec})  # fmt: skip
    accounts = world.resource("v1", "ServiceAccount")
    before = accounts.get(name="app", namespace=namespace).to_dict()
    fix = doctor(world, "deployment/app", namespace=namespace)["annotation"].fix
    assert fix.startswith("kubectl annotate serviceaccount app")
    assert "would refuse" not in fix
    assert accounts.get(name="app", namespace=namespace).to_dict() == before
