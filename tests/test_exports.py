"""eksctl, CloudFormation and Terraform: true to what was built, and whole in their own form."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
import yaml

from irsa_helpers import course, exports
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.exports import Built
from irsa_helpers.worlds import World

WRITERS = [exports.eksctl, exports.cloudformation, exports.terraform]


@pytest.fixture(scope="module")
def built(world: World) -> Built:
    course.catch_up(world, through="service-account")
    return exports.read_built(world, course.SERVICE_ACCOUNT)


def test_the_chain_is_read_from_the_world(world: World, built: Built) -> None:
    assert (built.role, built.cluster) == (course.ROLE, world.cluster_name)
    assert built.trust_policy == course.trust_policy(world)
    assert set(built.permissions) >= {course.PERMISSIONS}


@pytest.mark.parametrize("write", WRITERS)
def test_a_form_says_what_was_built(built: Built, write: Any) -> None:
    assert exports.differences(built, write(built)) == []


@pytest.mark.parametrize("write", WRITERS)
def test_another_permission_is_found(built: Built, write: Any) -> None:
    edited = write(built).replace("s3:GetObject", "s3:*")
    assert "the permission policies are other ones" in exports.differences(built, edited)


@pytest.mark.parametrize("write", [exports.cloudformation, exports.terraform])
def test_another_trust_policy_is_found(built: Built, write: Any) -> None:
    edited = write(built).replace(":enginrect-sa", ":enginrect-SA")
    assert exports.differences(built, edited) == ["the trust policy is another one"]


@pytest.mark.parametrize("write", WRITERS)
def test_another_role_is_found(built: Built, write: Any) -> None:
    edited = write(built).replace(course.ROLE, "other-role")
    assert f"{course.ROLE} is not in it" in exports.differences(built, edited)


def test_several_policies_become_one_for_eksctl(built: Built) -> None:
    more = {"more": {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*"}}}
    several = replace(built, permissions=dict(built.permissions) | more)
    account = yaml.safe_load(exports.eksctl(several))["iam"]["serviceAccounts"][0]
    assert account["attachPolicy"]["Statement"][-1]["Effect"] == "Deny"
    for write in WRITERS:
        assert exports.differences(several, write(several)) == []


def test_a_policy_variable_is_not_taken_for_terraforms(built: Built) -> None:
    own = "arn:aws:s3:::b/${aws:PrincipalTag/kubernetes-namespace}/*"
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": own}
    tagged = replace(built, permissions={"own": {"Version": "2012-10-17", "Statement": statement}})
    text = exports.terraform(tagged)
    assert "$${aws:PrincipalTag" in text
    assert re.search(r"[^$]\$\{", text) is None
    assert exports.differences(tagged, text) == []


def test_cloudformation_needs_no_more_than_its_own_functions(built: Built) -> None:
    template = yaml.safe_load(exports.cloudformation(built))
    assert template["Resources"]["Provider"]["Properties"]["Url"] == built.issuer_url
    assert json.dumps(template)


def test_a_service_account_without_a_role_is_explained(world: World) -> None:
    with pytest.raises(IrsaLabError, match="default/default has no role"):
        exports.read_built(world, "default")


def test_another_text_is_explained(built: Built) -> None:
    with pytest.raises(IrsaLabError, match="no eksctl, CloudFormation or Terraform"):
        exports.differences(built, "kind: Pod\n")
