"""Each usual slip is told by its own sentence; a healthy app has none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from irsa_helpers import oidc
from irsa_helpers.labs import usual_slips
from irsa_helpers.labs.scene import Scene
from irsa_helpers.labs.usual_slips import USUAL, Around
from irsa_helpers.worlds.world import Cluster

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lab-98-app-role"
NAMED = {"eks.amazonaws.com/role-arn": ROLE}
ARN = f"arn:aws:eks:ap-northeast-2:{ACCOUNT}:cluster/lab"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/own"
FILES = f"arn:aws:s3:::lab-98-data-{ACCOUNT}/*"
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": FILES}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trusting(subject: str = "app-sa", provider: str = PROVIDER) -> dict[str, Any]:
    condition = {"StringEquals": {"own:sub": f"system:serviceaccount:lab-98:{subject}"}}
    return {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> Around:
    """A healthy app, as plain data."""
    monkeypatch.setattr(oidc, "provider_arn", lambda world: PROVIDER)
    world = SimpleNamespace(cluster=Cluster("lab", "ap-northeast-2", ACCOUNT, "", "", "", ARN))
    named = {"world": world, "namespace": "lab-98", "role": "lab-98-app-role", "role_arn": ROLE}
    scene = SimpleNamespace(**named, bucket=f"lab-98-data-{ACCOUNT}")
    container = {"name": "app", "env": []}
    template = {"metadata": {}, "spec": {"serviceAccountName": "app-sa", "containers": [container]}}
    spec = copy.deepcopy(template["spec"])
    spec["containers"][0]["env"] = [{"name": "AWS_ROLE_ARN", "value": ROLE}]
    pod = {"metadata": {"labels": {"app": "app"}}, "spec": spec}
    return Around(
        scene=cast("Scene", scene),
        deployment={"metadata": {}, "spec": {"replicas": 1, "template": template}},
        pods=[pod],
        account={"metadata": {"annotations": dict(NAMED)}},
        default_account={"metadata": {}},
        role={"TrustPolicy": policy(trusting()), "AttachedPolicies": []},
        documents=[policy(READ)],
        bucket_policy=None,
        node=[],
    )


def variable(name: str, value: str = "x") -> Callable[[Around], None]:
    """A variable that the Deployment sets."""

    def change(around: Around) -> None:
        around.template["spec"]["containers"][0]["env"].append({"name": name, "value": value})

    return change


def annotated(**changes: str | None) -> Callable[[Around], None]:
    """Annotations of the ServiceAccount; `_` stands for the prefix of EKS, None takes away."""

    def change(around: Around) -> None:
        own = around.account["metadata"]["annotations"]
        for key, value in changes.items():
            name = key.replace("__", "-").replace("eks_", "eks.amazonaws.com/")
            own.pop(name, None)
            if value is not None:
                own[name] = value

    return change


def member(name: str, key: str, value: Any) -> Callable[[Around], None]:
    """A member of one of the objects around the app."""
    return lambda around: getattr(around, name).update({key: value})


def said_of_role(*statements: dict[str, Any]) -> Callable[[Around], None]:
    return lambda around: around.documents.append(policy(*statements))


def no_deployment(around: Around) -> None:
    around.deployment.clear()


def no_role(around: Around) -> None:
    object.__setattr__(around, "role", None)


def open_bucket(around: Around) -> None:
    object.__setattr__(around, "bucket_policy", policy(READ | {"Principal": "*"}))


def session(around: Around) -> None:
    variable("AWS_ACCESS_KEY_ID")(around)
    variable("AWS_SESSION_TOKEN")(around)


def as_default(around: Around) -> None:
    around.template["spec"].pop("serviceAccountName")


def on_the_pod(around: Around) -> None:
    around.template["metadata"]["annotations"] = dict(NAMED)


def restarted(around: Around) -> None:
    first = around.made_from
    around.template["metadata"]["annotations"] = {usual_slips.RESTARTED: "now"}
    assert around.made_from == first, "a restart changes nothing of what a Pod is made from"
    object.__setattr__(around.scene, "first", first)


CASES: list[tuple[Callable[[Around], None], str]] = [
    (no_deployment, "app_is_gone"),
    (lambda around: around.deployment["spec"].update(replicas=0), "no_pods_wanted"),
    (no_role, "role_is_gone"),
    (variable("AWS_ACCESS_KEY_ID"), "keys_of_a_person"),
    (session, "copied_session"),
    (variable("AWS_WEB_IDENTITY_TOKEN_FILE"), "token_by_hand"),
    (as_default, "runs_as_default"),
    (member("default_account", "metadata", {"annotations": NAMED}), "default_has_the_role"),
    (member("role", "TrustPolicy", policy(trusting("default"))), "default_is_admitted"),
    (
        member("role", "TrustPolicy", policy(trusting(), trusting(provider="old"))),
        "another_issuer_kept",
    ),
    (on_the_pod, "annotated_elsewhere"),
    (annotated(eks_role_arn="x"), "another_annotation"),
    (annotated(eks_role__arn=f"{ROLE}-2"), "pod_is_older"),
    (
        member("role", "AttachedPolicies", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
        "policy_of_aws",
    ),
    (said_of_role(READ | {"Action": "s3:*"}), "all_of_a_service"),
    (said_of_role(READ | {"Resource": "*"}), "on_everything"),
    (open_bucket, "bucket_for_everybody"),
    (lambda around: around.node.append(policy(READ)), "node_has_the_right"),
    (restarted, "restarted_only"),
]


def told(around: Around) -> list[str]:
    """The names of the slips that tell something."""
    return [slip.__name__ for slip in USUAL if slip(around)]


def test_a_healthy_app_has_no_slip(around: Around) -> None:
    assert told(around) == []


@pytest.mark.parametrize(("change", "name"), CASES, ids=[name for _, name in CASES])
def test_a_slip_is_told_and_no_other(
    around: Around, change: Callable[[Around], None], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usual_slips, "made_from_at_start", lambda scene: vars(scene).get("first"))
    change(around)
    assert told(around) == [name]


def test_a_name_in_place_of_an_arn_is_told_and_that_the_pod_has_it_not(around: Around) -> None:
    annotated(eks_role__arn="lab-98-app-role")(around)
    assert told(around) == ["name_in_place_of_the_arn", "pod_is_older"]


def test_no_slip_is_left_out() -> None:
    assert {name for _, name in CASES} | {"name_in_place_of_the_arn"} == {
        slip.__name__ for slip in USUAL
    }


def test_a_change_beside_a_restart_is_no_restart_alone(around: Around) -> None:
    restarted(around)
    first = around.made_from
    annotated(eks_audience="x")(around)
    second = around.made_from
    said_of_role(READ)(around)
    assert len({first, second, around.made_from}) == 3
