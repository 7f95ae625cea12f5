"""Who in the cluster can become which role, and which roles admit too many."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator

import pytest

from irsa_helpers import oidc, pod_identity, roles
from irsa_helpers.doctor import overview
from irsa_helpers.doctor.evidence.reading import CannotSeeError
from irsa_helpers.serviceaccounts import ROLE_ARN, ensure_service_account
from irsa_helpers.trust import build_trust_policy
from irsa_helpers.worlds import World


@pytest.fixture
def role(world: World, namespace: str) -> Iterator[str]:
    """A role that admits `app` of the namespace."""
    name = f"{namespace}-role"
    oidc.ensure_provider(world)
    policy = build_trust_policy(oidc.provider_arn(world), namespace, "app")
    roles.ensure_role(world, name, policy)
    yield name
    roles.ensure_no_role(world, name)


def test_an_annotated_account_and_its_role_are_listed(
    world: World, namespace: str, role: str
) -> None:
    arn = roles.role_arn(world, role)
    ensure_service_account(world, "app", namespace=namespace, role_arn=arn)
    found = overview(world)
    mine = [access for access in found.accesses if access.role_arn == arn]
    assert [(a.namespace, a.service_account, a.annotated) for a in mine] == [
        (namespace, "app", True)
    ]
    assert not [refusal for refusal in found.refusals if refusal.role_arn == arn]
    assert json.loads(json.dumps(found.to_dict()))["accesses"]
    assert re.search(rf"  {role} +{namespace}/app\n", f"{found}\n")
    assert f"| `{role}` | {namespace}/app |" in found._repr_markdown_()


def test_an_annotation_that_leads_nowhere_is_listed(
    world: World, namespace: str, role: str
) -> None:
    arn = roles.role_arn(world, role)
    ensure_service_account(world, "other", namespace=namespace, role_arn=arn)
    [refusal] = [r for r in overview(world).refusals if r.namespace == namespace]
    assert (refusal.service_account, refusal.role_arn) == ("other", arn)
    assert refusal.reason == "the role's trust policy does not admit it"
    ensure_service_account(world, "other", namespace=namespace, role_arn=None)
    ensure_service_account(world, "other", namespace=namespace, annotations={ROLE_ARN: role})
    [refusal] = [r for r in overview(world).refusals if r.namespace == namespace]
    assert refusal.reason == "the annotation's value is no role's ARN"


def test_a_wide_trust_policy_shows_all_whom_it_admits(
    world: World, namespace: str, role: str
) -> None:
    prefix = oidc.issuer_host_path(oidc.issuer_url(world))
    policy = build_trust_policy(oidc.provider_arn(world), namespace, "app")
    policy["Statement"][0]["Condition"] = {
        "StringLike": {f"{prefix}:sub": "system:serviceaccount:*:*"}
    }
    roles.ensure_role(world, role, policy)
    ensure_service_account(world, "stranger", namespace=namespace)
    found, arn = overview(world), roles.role_arn(world, role)
    assert not found.ok
    assert arn in {wide.role_arn for wide in found.wide}
    strangers = {a.service_account for a in found.accesses if a.role_arn == arn}
    assert {"stranger", "default"} <= strangers
    assert "not annotated, but admitted: " in str(found)


def test_without_a_provider_nobody_becomes_anything(
    world: World, namespace: str, role: str
) -> None:
    arn = roles.role_arn(world, role)
    ensure_service_account(world, "app", namespace=namespace, role_arn=arn)
    oidc.ensure_no_provider(world)
    found = overview(world)
    assert {access.by for access in found.accesses} <= {"pod-identity"}
    [refusal] = [r for r in found.refusals if r.namespace == namespace]
    assert "no provider" in refusal.reason


def test_a_role_of_another_account_is_told_as_not_seen(world: World, namespace: str) -> None:
    oidc.ensure_provider(world)
    arn = "arn:aws:iam::444455556666:role/elsewhere"
    ensure_service_account(world, "app", namespace=namespace, role_arn=arn)
    found = overview(world)
    assert not [refusal for refusal in found.refusals if refusal.namespace == namespace]
    assert f"{namespace}/app -> {arn}: a role of another account" in found.unseen
    assert f"Not seen: {namespace}/app" in str(found)


def test_the_one_right_that_is_missing_is_named(world: World, namespace: str) -> None:
    """Asked as a role that may see the cluster and nothing of IAM."""
    name = f"{namespace}-viewer"
    admin = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}
    see = {"Effect": "Allow", "Action": "eks:DescribeCluster", "Resource": "*"}
    trust, seeing = ({"Version": "2012-10-17", "Statement": each} for each in (admin, see))
    roles.ensure_role(world, name, trust, permission_policies={"see": seeing})
    session = world.aws("sts").assume_role(
        RoleArn=roles.role_arn(world, name), RoleSessionName="viewer"
    )
    blind = copy.copy(world)
    blind.aws = lambda service, **_: world.aws(  # type: ignore[method-assign]
        service, credentials=session["Credentials"]
    )
    try:
        with pytest.raises(CannotSeeError) as refused:
            overview(blind)
    finally:
        roles.ensure_no_role(world, name)
    assert refused.value.message == "the right that is missing: iam:GetOpenIDConnectProvider"


def test_what_pod_identity_gives_is_listed(world: World, namespace: str) -> None:
    role = f"{namespace}-pods"
    roles.ensure_role(world, role, pod_identity.build_pod_identity_trust_policy())
    arn = roles.role_arn(world, role)
    pod_identity.ensure_association(world, "app", role_arn=arn, namespace=namespace)
    found = overview(world)
    pod_identity.ensure_no_association(world, "app", namespace=namespace)
    roles.ensure_no_role(world, role)
    [access] = [a for a in found.accesses if a.namespace == namespace and a.by == "pod-identity"]
    assert (access.service_account, access.role_arn) == ("app", arn)
    assert f"{namespace}/app  (EKS Pod Identity)" in str(found), str(found)
