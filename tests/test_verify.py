"""The closing checks: each says what holds, and names the cause where it does not."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from irsa_helpers import course, oidc, roles, serviceaccounts
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.verify import verify, where_am_i
from irsa_helpers.worlds import World


@pytest.fixture
def built(world: World) -> World:
    course.catch_up(world, through="service-account")
    return world


def set_trust(world: World, policy: dict[str, Any]) -> None:
    text = json.dumps(policy)
    world.aws("iam").update_assume_role_policy(RoleName=course.ROLE, PolicyDocument=text)


def test_what_holds_is_said(built: World) -> None:
    holds = verify(built, "service-account")
    assert len(holds.sentences) == 3
    assert "enginrect-irsa-role admits system:serviceaccount:default:enginrect-sa" in str(holds)


def test_where_one_is_in_the_course_is_shown(world: World) -> None:
    course.catch_up(world, through="provider")
    roles.ensure_no_role(world, course.ROLE)
    states = [row[1] for row in where_am_i(world).rows]
    assert states == ["done", "not yet", "waits", "waits"]
    course.catch_up(world, through="deployment")
    assert {row[1] for row in where_am_i(world).rows} == {"done"}


def test_a_pod_that_keeps_credentials_of_a_role_made_anew_is_to_be_restarted(built: World) -> None:
    course.catch_up(built, through="deployment")
    verify(built, "deployment")  # the AWS CLI in the Pod now holds a session
    time.sleep(1)  # Kubernetes' times are whole seconds
    roles.ensure_no_role(built, course.ROLE)
    course.catch_up(built, through="role")
    with pytest.raises(IrsaLabError, match="Bad Request") as refused:
        verify(built, "deployment")
    assert "kubectl rollout restart" in refused.value.next_step
    assert [each.action for each in course.catch_up(built, through="deployment")][-1] == "update"
    verify(built, "deployment")


def test_an_unknown_step_is_explained(world: World) -> None:
    with pytest.raises(IrsaLabError, match="no step 'pods'"):
        verify(world, "pods")


def test_a_missing_provider_is_named(built: World) -> None:
    oidc.ensure_no_provider(built)
    with pytest.raises(IrsaLabError, match="IAM has no OIDC provider"):
        verify(built, "provider")


def test_a_missing_audience_is_named(built: World) -> None:
    which = {"OpenIDConnectProviderArn": oidc.provider_arn(built), "ClientID": oidc.AUDIENCE}
    built.aws("iam").remove_client_id_from_open_id_connect_provider(**which)
    with pytest.raises(IrsaLabError, match="lists the audiences"):
        verify(built, "provider")
    built.aws("iam").add_client_id_to_open_id_connect_provider(**which)


def test_a_wide_trust_policy_is_named(built: World) -> None:
    policy = course.trust_policy(built)
    del policy["Statement"][0]["Condition"]
    set_trust(built, policy)
    with pytest.raises(IrsaLabError, match="every ServiceAccount of the cluster gets in"):
        verify(built, "role")


def test_a_missing_role_is_named(built: World) -> None:
    roles.ensure_no_role(built, course.ROLE)
    with pytest.raises(IrsaLabError, match="there is no role"):
        verify(built, "role")


def test_a_missing_annotation_is_named(built: World) -> None:
    none = {serviceaccounts.ROLE_ARN: None}
    serviceaccounts.ensure_service_account(built, course.SERVICE_ACCOUNT, annotations=none)
    with pytest.raises(IrsaLabError, match="annotation"):
        verify(built, "service-account")
