"""Cleaning up removes all that the lab made, and nothing that it did not make."""

from __future__ import annotations

import copy
import json

from irsa_helpers import course, oidc, pods, roles, serviceaccounts
from irsa_helpers.leftovers import cleanup, ensure_no_namespace
from irsa_helpers.trust import build_trust_policy
from irsa_helpers.worlds import World
from tests.typed import core_v1


def test_nothing_of_the_course_is_left(world: World) -> None:
    course.catch_up(world, "deployment")
    changes = cleanup(world)
    assert all(change.applied for change in changes)
    assert {change.kind for change in changes} >= {
        "Deployment",
        "ServiceAccount",
        "IAM role",
        "IAM OIDC provider",
        "S3 bucket",
        "DynamoDB table",
        "secret",
    }
    assert cleanup(world) == []
    assert oidc.describe_provider(world) is None
    assert roles.describe_role(world, course.ROLE) is None


def test_what_others_made_stays(world: World, namespace: str) -> None:
    cleanup(world)
    iam, s3 = world.aws("iam"), world.aws("s3")
    ours, theirs = f"{namespace}-ours", f"{namespace}-theirs"
    policy = build_trust_policy(oidc.provider_arn(world), namespace, "theirs")
    roles.ensure_role(world, ours, policy)
    another = [{"Key": "irsa-lab", "Value": "another-cluster"}]
    iam.create_role(RoleName=theirs, AssumeRolePolicyDocument=json.dumps(policy), Tags=another)
    iam.create_open_id_connect_provider(Url=oidc.issuer_url(world), ClientIDList=["theirs"])
    place = {"LocationConstraint": world.region}
    s3.create_bucket(Bucket=theirs, CreateBucketConfiguration=place)
    core_v1(world).create_namespaced_service_account(namespace, {"metadata": {"name": "theirs"}})
    try:
        [change] = cleanup(world)
        assert (change.kind, change.name) == ("IAM role", ours)
    finally:
        roles.ensure_no_role(world, theirs)
        oidc.ensure_no_provider(world)
        s3.delete_bucket(Bucket=theirs)


def test_a_namespace_that_the_lab_made_goes_too(world: World, namespace: str) -> None:
    cleanup(world)
    fresh = f"{namespace}-more"
    serviceaccounts.ensure_service_account(world, "app", namespace=fresh)
    pods.ensure_deployment(world, "app", service_account="app", image="busybox", namespace=fresh)
    kinds = [change.kind for change in cleanup(world)]
    assert kinds == ["Deployment", "ServiceAccount", "namespace"]


def test_a_namespace_of_others_stays(world: World, namespace: str) -> None:
    assert ensure_no_namespace(world, namespace).details == ("it was not made by the lab",)
    assert ensure_no_namespace(world, f"{namespace}-none").action == "none"
    assert core_v1(world).read_namespace(namespace).status.phase == "Active"


def test_a_real_world_sees_what_would_go(world: World) -> None:
    course.catch_up(world, "provider")
    careful = copy.copy(world)
    careful.needs_approval = True
    plans = cleanup(careful)
    assert all(plan.pending for plan in plans)
    assert oidc.describe_provider(world) is not None
    cleanup(world)


def test_the_package_offers_the_function_however_often_it_is_asked() -> None:
    from irsa_helpers import cleanup as first
    from irsa_helpers import cleanup as second

    assert first is second is cleanup
