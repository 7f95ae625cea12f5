"""EKS Pod Identity with a target role: both sides of the second hop, and what the target may do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from irsa_helpers import pod_identity, roles
from irsa_helpers.doctor import Diagnosis, doctor, overview
from irsa_helpers.serviceaccounts import ensure_service_account
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import in_account

PARTNER = "444455556666"
LIST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
}


@pytest.fixture
def names(world: World, namespace: str) -> Iterator[dict[str, str]]:
    """A ServiceAccount whose association has a target role in the same account; nothing more."""
    first, target = f"first-{namespace}", f"target-{namespace}"
    ensure_service_account(world, "app", namespace=namespace)
    roles.ensure_role(world, first, pod_identity.build_pod_identity_trust_policy())
    empty = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}
    policy = {"Version": "2012-10-17", "Statement": [empty | {"Action": "sts:AssumeRole"}]}
    roles.ensure_role(world, target, policy)
    pod_identity.ensure_association(
        world,
        "app",
        role_arn=roles.role_arn(world, first),
        target_role_arn=roles.role_arn(world, target),
        namespace=namespace,
    )
    yield {"first": first, "target": target}
    pod_identity.ensure_no_association(world, "app", namespace=namespace)
    for name in (first, target):
        roles.ensure_no_role(world, name)


def found(world: World, namespace: str) -> Diagnosis:
    return doctor(world, "sa/app", namespace=namespace)


def association(world: World, namespace: str) -> dict[str, Any]:
    described = pod_identity.describe_association(world, "app", namespace=namespace)
    assert described is not None
    return described


def trust(world: World, name: str, policy: dict[str, Any]) -> None:
    world.aws("iam").update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(policy))


def test_a_target_that_does_not_name_the_role_gets_a_fix_that_works(
    world: World, namespace: str, names: dict[str, str], shell: Any
) -> None:
    link = found(world, namespace)["target-role"]
    assert link.state == "broken"
    assert "sts:AssumeRole: " in link.found
    assert "sts:TagSession: " in link.found
    assert link.error.startswith("AccessDeniedException")
    shell("sh", "-c", link.fix)
    mended = found(world, namespace)["target-role"]
    assert mended.state == "ok", str(mended)
    assert names["first"] in mended.found


def test_the_roles_own_side_counts_where_the_target_trusts_its_account(
    world: World, namespace: str, names: dict[str, str], shell: Any
) -> None:
    policy = pod_identity.build_target_trust_policy(world, association(world, namespace))
    policy["Statement"][0]["Principal"] = {"AWS": "arn:aws:iam::111122223333:root"}
    trust(world, names["target"], policy)
    link = found(world, namespace)["target-role"]
    assert link.state == "broken"
    assert link.fix.startswith(f"aws iam put-role-policy --role-name {names['first']} ")
    shell("sh", "-c", link.fix)
    assert found(world, namespace)["target-role"].state == "ok"


@pytest.mark.parametrize("untagged", [False, True])
def test_a_condition_on_whose_pod_it_is_is_named(
    world: World, namespace: str, names: dict[str, str], untagged: bool
) -> None:
    eks, own = world.aws("eks"), association(world, namespace)
    eks.update_pod_identity_association(
        clusterName=world.cluster_name,
        associationId=own["associationId"],
        disableSessionTags=untagged,
    )
    own = association(world, namespace)
    trust(world, names["target"], pod_identity.build_target_trust_policy(world, own))
    assert found(world, namespace)["target-role"].state == "ok"
    other = own | {
        "serviceAccount": "other",
        "externalId": own["externalId"].replace("/app", "/other"),
    }
    trust(world, names["target"], pod_identity.build_target_trust_policy(world, other))
    link = found(world, namespace)["target-role"]
    assert link.state == "broken"
    assert "other" in link.found
    assert link.fix.startswith("#"), "a condition is for people to judge"


def test_permissions_are_those_of_the_target(
    world: World, namespace: str, names: dict[str, str]
) -> None:
    roles.ensure_role(
        world,
        names["first"],
        pod_identity.build_pod_identity_trust_policy(),
        permission_policies={"first-only": LIST},
    )
    assert names["target"] in found(world, namespace)["permissions"].found
    policy = pod_identity.build_target_trust_policy(world, association(world, namespace))
    roles.ensure_role(world, names["target"], policy, permission_policies={"target-only": LIST})
    assert found(world, namespace)["permissions"].found == "target-only"
    target = roles.role_arn(world, names["target"])
    given = [each for each in overview(world).accesses if each.namespace == namespace]
    assert [(each.role_arn, each.by) for each in given] == [(target, "pod-identity")]


def test_a_target_that_is_gone_is_named(
    world: World, namespace: str, names: dict[str, str]
) -> None:
    roles.ensure_no_role(world, names["target"])
    link = found(world, namespace)["target-role"]
    assert (link.state, "there is no role" in link.found) == ("broken", True)


def test_of_another_accounts_target_the_own_side_is_judged(
    world: World, namespace: str, names: dict[str, str], shell: Any
) -> None:
    target = roles.role_arn(in_account(world, PARTNER), "data")
    first = roles.role_arn(world, names["first"])
    pod_identity.ensure_association(
        world, "app", role_arn=first, target_role_arn=target, namespace=namespace
    )
    link = found(world, namespace)["target-role"]
    assert (link.state, target in link.fix) == ("broken", True)
    shell("sh", "-c", link.fix)
    unseen = found(world, namespace)
    assert unseen["target-role"].state == "cannot-see"
    assert PARTNER in unseen["target-role"].found
    assert unseen["permissions"].state == "cannot-see"


def test_without_a_target_role_there_is_nothing_to_see(
    world: World, namespace: str, names: dict[str, str]
) -> None:
    first = roles.role_arn(world, names["first"])
    pod_identity.ensure_association(world, "app", role_arn=first, namespace=namespace)
    seen = found(world, namespace)
    assert seen["target-role"].state == "skipped"
    assert names["first"] in seen["permissions"].found
