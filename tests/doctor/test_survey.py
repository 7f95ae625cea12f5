"""The whole cluster: each fault once with the workloads that it strikes, and what was not seen."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from irsa_helpers import oidc, roles
from irsa_helpers.doctor import open_labs, survey
from irsa_helpers.doctor.evidence import logs
from irsa_helpers.doctor.survey import Survey
from irsa_helpers.ground.store import FILE
from irsa_helpers.labs.progress import Progress
from irsa_helpers.serviceaccounts import ensure_service_account
from irsa_helpers.trust import build_trust_policy
from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.doctor.chains import Chain, policy
from tests.doctor.plain_world import PROVIDER, ROLE_ARN, Document, _Calls, _Client, arn_of

KEYS = [
    {"name": "AWS_ACCESS_KEY_ID", "value": "x"},
    {"name": "AWS_SECRET_ACCESS_KEY", "value": "x"},
]


@pytest.fixture
def chain() -> Chain:
    return Chain()


def told(found: Survey) -> list[tuple[str, tuple[str, ...]]]:
    return [(fault.link.name, fault.workloads) for fault in found.faults]


def test_a_healthy_cluster_is_left_in_peace(chain: Chain) -> None:
    found = survey(chain.world)
    assert found.ok, str(found)
    assert found.summary == "every link of 3 workloads holds"
    assert "app-role    shop/app" in str(found)


def test_what_workloads_share_is_told_once_with_their_count(chain: Chain) -> None:
    del chain.world.providers[PROVIDER]
    found = survey(chain.world)
    assert told(found) == [("provider", ("shop/deployment/app", "shop/deployment/other"))]
    assert "BROKEN provider in 2 workloads: shop/deployment/app, shop/deployment/other" in str(
        found
    )
    [fault] = found.to_dict()["faults"]
    assert (fault["link"], fault["count"], fault["state"]) == ("provider", 2, "broken")
    assert not found.roles.refusals, "the fault tells it"
    assert found.summary == "1 fault in 2 of 3 workloads"


def test_pods_older_than_their_roles_annotation_are_one_fault_with_every_restart(
    chain: Chain,
) -> None:
    chain.deploy("app-2")
    chain.world.get("Deployment", "app-2")["spec"]["template"]["spec"]["serviceAccountName"] = "app"
    chain.annotate(ROLE_ARN, None)
    for name in ("app", "app-2"):
        chain.world.roll(name)
    chain.annotate(ROLE_ARN, arn_of("app-role"))
    [fault] = survey(chain.world).faults
    assert (fault.link.name, len(fault.workloads)) == ("injection", 2)
    assert fault.link.fix.splitlines() == [
        "kubectl rollout restart deployment app -n shop",
        "kubectl rollout restart deployment app-2 -n shop",
    ]


def test_faults_of_the_same_kind_with_fixes_of_their_own_are_told_one_by_one(chain: Chain) -> None:
    for name in ("app", "other"):
        template = chain.world.get("Deployment", name)["spec"]["template"]
        template["spec"]["containers"][0]["env"] = KEYS
        chain.world.roll(name)
    assert told(survey(chain.world)) == [
        ("static-credentials", ("shop/deployment/app",)),
        ("static-credentials", ("shop/deployment/other",)),
    ]


def _pod(name: str, owner: str = "") -> Document:
    metadata: Document = {"name": name, "creationTimestamp": "2026-11-23T09:00:00Z"}
    if owner:
        metadata["ownerReferences"] = [{"kind": owner, "name": "x"}]
    spec = {"serviceAccountName": "app", "containers": [{"name": "c", "env": KEYS}]}
    return {"metadata": metadata, "spec": spec, "status": {"phase": "Running"}}


@pytest.mark.parametrize(
    ("owner", "is_walked"),
    [("", True), ("Workflow", True), ("ReplicaSet", False), ("Node", False), ("Job", False)],
)
def test_a_pod_is_walked_where_nothing_that_is_walked_keeps_it_up(
    chain: Chain, owner: str, is_walked: bool
) -> None:
    chain.world.put("Pod", _pod("alone", owner))
    names = {name for _, workloads in told(survey(chain.world)) for name in workloads}
    assert ("shop/pod/alone" in names) is is_walked


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("StatefulSet", {}),
        ("DaemonSet", {}),
        ("Job", {}),
        ("CronJob", {"jobTemplate": True}),
        ("ReplicaSet", {}),
    ],
)
def test_every_kind_of_workload_is_walked(chain: Chain, kind: str, spec: Document) -> None:
    template = {"spec": _pod("x")["spec"]}
    whole = {"template": template, "selector": {"matchLabels": {"app": "x"}}}
    own = {"jobTemplate": {"spec": whole}} if spec else whole
    status = {"updatedReplicas": 1, "desiredNumberScheduled": 0}
    chain.world.put(kind, {"metadata": {"name": "x"}, "spec": own, "status": status})
    keys = [name for link, name in told(survey(chain.world)) if link == "static-credentials"]
    assert keys == [(f"shop/{kind.lower()}/x",)]


def test_one_namespace_can_be_looked_at(chain: Chain) -> None:
    chain.env(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
    found = survey(chain.world, "shop")
    assert found.workloads == 2
    assert {access.namespace for access in found.roles.accesses} == {"shop"}
    assert survey(chain.world, "kube-system").summary == "every link of 1 workload holds"


def test_what_may_not_be_listed_is_named_and_the_rest_is_seen(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without `list cronjobs`, and without GetAccountAuthorizationDetails."""
    look = chain.world._look
    monkeypatch.setattr(
        chain.world,
        "_look",
        lambda path, query: (403, {}) if path.endswith("/cronjobs") else look(path, query),
    )
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "…"}}, "Call")

    def refuse(*_: Any) -> None:
        raise denied

    monkeypatch.setattr(_Calls, "iam_get_account_authorization_details", refuse)
    chain.permit(name="read")
    chain.role["inline"] = {}
    found = survey(chain.world)
    assert told(found) == [("permissions", ("shop/deployment/app",))]
    assert found.unseen == ("the right that is missing: list cronjobs (Kubernetes RBAC)",)
    assert found.summary.endswith("1 thing not seen")


def test_where_logs_are_too_many_that_is_said(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MOST_WORKLOADS", 2)
    found = survey(chain.world)
    assert found.ok
    [sentence] = found.unseen
    assert sentence.startswith("app-log in 3 workloads (")
    assert found.summary.startswith("nothing broken among what could be seen of 3 workloads")


def test_what_is_of_an_open_lab_is_left_out_and_that_is_said(
    world: SandboxWorld, namespace: str, tmp_path: Path
) -> None:
    elsewhere = copy.copy(world)
    elsewhere.sandbox = {**world.sandbox, "home": str(tmp_path)}
    oidc.ensure_provider(world)
    wide = build_trust_policy(oidc.provider_arn(world), namespace, "app")
    del wide["Statement"][0]["Condition"]
    roles.ensure_role(world, "lab-03-app-role", wide)
    ensure_service_account(
        world, "app", namespace=namespace, role_arn=roles.role_arn(world, "lab-03-no-such-role")
    )
    Progress(tmp_path / FILE).started("03-trust")
    assert [lab.namespace for lab in open_labs.open_labs(elsewhere)] == ["lab-03"]
    open_lab = survey(elsewhere)
    assert open_labs.LEFT_OUT.format("lab-03") in open_lab.unseen
    assert "lab-03-" not in str(open_lab)
    Progress(tmp_path / FILE).done("03-trust")
    assert not open_labs.open_labs(elsewhere)
    done_lab = str(survey(elsewhere))
    roles.ensure_no_role(world, "lab-03-app-role")
    assert "lab-03-app-role" in done_lab
    assert "lab-03-no-such-role" in done_lab


def test_the_sandbox_is_seen_as_a_whole(world: SandboxWorld, namespace: str, shell: Any) -> None:
    """Real listings, and IAM's answer to GetAccountAuthorizationDetails; keys beside a role."""
    iam = world.aws("iam")
    oidc.ensure_provider(world)
    trust = build_trust_policy(oidc.provider_arn(world), namespace, "app")
    roles.ensure_role(world, f"{namespace}-role", trust)
    view = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
    iam.attach_role_policy(RoleName=f"{namespace}-role", PolicyArn=view)
    ensure_service_account(
        world, "app", namespace=namespace, role_arn=roles.role_arn(world, f"{namespace}-role")
    )
    spec = _pod("x")["spec"] | {"nodeSelector": {"no": "node"}}
    spec["containers"][0]["image"] = "busybox"
    template = {"metadata": {"labels": {"app": "app"}}, "spec": spec}
    selector = {"matchLabels": {"app": "app"}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "app"},
        "spec": {"selector": selector, "template": template},
    }
    shell("kubectl", "-n", namespace, "apply", "-f", "-", input=json.dumps(deployment))
    found = survey(world, namespace)
    iam.detach_role_policy(RoleName=f"{namespace}-role", PolicyArn=view)
    roles.ensure_no_role(world, f"{namespace}-role")
    keys = [fault for fault in found.faults if fault.link.name == "static-credentials"]
    assert [fault.workloads for fault in keys] == [(f"{namespace}/deployment/app",)], str(found)
    assert not [fault for fault in found.faults if fault.link.name == "permissions"]


def crowd(workloads: int, roles: int) -> Chain:
    """A cluster of so many workloads, whose accounts share so many roles."""
    chain = Chain()
    for number in range(roles):
        asking = [chain.own(f"app-{asking}") for asking in range(number, workloads, roles)]
        read = chain.role["inline"]
        chain.world.roles[f"role-{number}"] = {"trust": policy(*asking), "inline": read}
    for number in range(workloads):
        name, role = f"app-{number}", arn_of(f"role-{number % roles}")
        chain.world.put(
            "ServiceAccount", {"metadata": {"name": name, "annotations": {ROLE_ARN: role}}}
        )
        chain.deploy(name)
        chain.world.roll(name)
    return chain


def calls_of(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls to AWS and to the cluster that a look at all of it makes."""
    made: list[str] = []
    look, call = chain.world._look, _Client.__getattr__

    def looked(path: str, query: Document) -> Any:
        made.append(path)
        return look(path, query)

    def called(client: _Client, name: str) -> Any:
        ask = call(client, name)
        return lambda **asked: made.append(f"{name} {asked}") or ask(**asked)

    with monkeypatch.context() as patch:
        patch.setattr(chain.world, "_look", looked)
        patch.setattr(_Client, "__getattr__", called)
        assert survey(chain.world).ok
    return made


def test_the_number_of_calls_does_not_grow_with_workloads_and_roles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """But for the logs, which are read of so many workloads at most."""
    monkeypatch.setattr(logs, "MOST_WORKLOADS", 1)
    few, many = (calls_of(crowd(*size), monkeypatch) for size in ((4, 2), (40, 20)))
    assert sorted(few) == sorted(many)
    assert len(many) < 40, many
