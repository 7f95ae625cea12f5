"""The roles of an account with all their policies, read by one call instead of several a role.

Source: IAM API, GetAccountAuthorizationDetails. Where you may not make that call, or something is
not in its answer, the single calls are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from irsa_helpers.doctor.evidence.reading import CannotSeeError, SkipError, read_aws
from irsa_helpers.doctor.evidence.remembered import Answers, key_of

RIGHT = "iam:GetAccountAuthorizationDetails"
CALL = "get_account_authorization_details"
# The managed policies of AWS's own that are in use come with the others.
WANTED = ["Role", "LocalManagedPolicy", "AWSManagedPolicy"]
Document = dict[str, Any]
Told = tuple[str, Document, Any]  # a call's name, what is asked, the answer


def answers(iam: Any) -> Answers:
    """What single calls on roles and managed policies would answer; nothing where it is denied."""
    paginate = iam.get_paginator(CALL).paginate
    try:
        read = read_aws(RIGHT, lambda: list(paginate(Filter=WANTED))) or []
    except (CannotSeeError, SkipError):
        return {}
    roles = [role for page in read for role in page["RoleDetailList"]]
    policies = [policy for page in read for policy in page.get("Policies", [])]
    told = [*_of_account(roles), *_of_policies(policies)]
    for role in roles:
        told += _of_role(role)
    return {key_of(call, request): (answer, None) for call, request, answer in told}


def _of_account(roles: list[Document]) -> Iterator[Told]:
    yield "list_roles", {}, [{"Roles": roles}]


def _of_role(role: Document) -> Iterator[Told]:
    asked = {"RoleName": role["RoleName"]}
    inline = role.get("RolePolicyList", [])
    names = [policy["PolicyName"] for policy in inline]
    attached = role.get("AttachedManagedPolicies", [])
    yield "get_role", asked, {"Role": role}
    yield "list_role_policies", asked, {"PolicyNames": names}
    yield "list_attached_role_policies", asked, {"AttachedPolicies": attached}
    for policy in inline:
        yield "get_role_policy", asked | {"PolicyName": policy["PolicyName"]}, policy


def _of_policies(policies: Iterable[Document]) -> Iterator[Told]:
    for policy in policies:
        asked = {"PolicyArn": policy["Arn"]}
        yield "get_policy", asked, {"Policy": policy}
        for version in policy["PolicyVersionList"]:
            request = asked | {"VersionId": version["VersionId"]}
            yield "get_policy_version", request, {"PolicyVersion": version}
