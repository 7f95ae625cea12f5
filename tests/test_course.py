"""Each notebook can begin anywhere: catch_up brings the world there and says what it did."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

import pytest

from irsa_helpers import course, oidc, pods, roles, serviceaccounts
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.leftovers import cleanup
from irsa_helpers.worlds import World


@pytest.fixture
def empty(world: World) -> Iterator[World]:
    """The world before the course, and again afterwards."""
    cleanup(world)
    yield world
    cleanup(world)


def test_all_steps_lead_to_a_pod_that_reads_its_bucket(empty: World) -> None:
    changes = course.catch_up(empty, "deployment")
    assert [change.action for change in changes] == ["create"] * 7
    pod = pods.wait_for_pod(empty, course.DEPLOYMENT)
    who = pods.exec_in_pod(empty, pod.metadata.name, ["aws", "sts", "get-caller-identity"]).json()
    assert f":assumed-role/{course.ROLE}/" in who["Arn"]
    source = f"s3://{course.bucket_name(empty)}/{course.OBJECT}"
    read = pods.exec_in_pod(empty, pod.metadata.name, ["aws", "s3", "cp", source, "-"])
    assert read.stdout == course.GREETING


def test_catching_up_twice_is_nothing_to_do(empty: World) -> None:
    course.catch_up(empty, "deployment")
    assert {change.action for change in course.catch_up(empty, "deployment")} == {"none"}


def test_no_step_is_done_that_was_not_asked_for(empty: World) -> None:
    course.catch_up(empty, None)
    assert oidc.describe_provider(empty) is None
    course.catch_up(empty, "provider")
    assert oidc.describe_provider(empty) is not None
    assert roles.describe_role(empty, course.ROLE) is None
    course.catch_up(empty, "role")
    assert roles.describe_role(empty, course.ROLE) is not None
    assert serviceaccounts.describe_service_account(empty, course.SERVICE_ACCOUNT) is None


def test_a_learners_half_done_steps_are_mended(empty: World) -> None:
    course.catch_up(empty, "role")
    loose = course.trust_policy(empty)
    del loose["Statement"][0]["Condition"]
    iam = empty.aws("iam")
    iam.update_assume_role_policy(RoleName=course.ROLE, PolicyDocument=json.dumps(loose))
    serviceaccounts.ensure_service_account(empty, course.SERVICE_ACCOUNT)
    pods.ensure_deployment(empty, course.DEPLOYMENT, service_account=course.SERVICE_ACCOUNT)
    pods.wait_for_pod(empty, course.DEPLOYMENT)
    changes = course.catch_up(empty, "deployment")
    done = [(change.kind, change.action) for change in changes if change.action != "none"]
    assert done == [
        ("IAM role", "update"),
        ("ServiceAccount", "update"),
        ("Deployment", "update"),
    ]
    pod = pods.wait_for_pod(empty, course.DEPLOYMENT)
    environment = pods.irsa_environment(pod)["environment"]
    assert environment["AWS_ROLE_ARN"] == roles.role_arn(empty, course.ROLE)


def test_another_step_is_refused(world: World) -> None:
    with pytest.raises(IrsaLabError, match="no step 'pods'"):
        course.catch_up(world, "pods")


def test_a_real_world_sees_the_whole_plan_first(empty: World) -> None:
    careful = copy.copy(empty)
    careful.needs_approval = True
    changes = course.catch_up(careful, "deployment")
    assert all(change.pending for change in changes)
    assert len(changes) == 7
    assert oidc.describe_provider(empty) is None
