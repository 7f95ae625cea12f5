"""Step 2, second half: the role, and the permission policies that say what it may do."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

from irsa_helpers.changes import Change, aws_tags, may_apply
from irsa_helpers.ground import arns
from irsa_helpers.ground.times import stamp
from irsa_helpers.policy.lists import listed, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from irsa_helpers.worlds import World

KIND = "IAM role"

REVOCATION = "AWSRevokeOlderSessions"
OWNER_AWS = "aws"  # in the place of an account, in the ARNs of AWS's own policies
# By the name of the world, and the ARN.
_documents_of_aws: dict[tuple[str, str], dict[str, Any]] = {}


def build_bucket_read_policy(bucket: str, *, partition: str = "aws") -> dict[str, Any]:
    """Allow reading one bucket: listing is an action on the bucket, reading one on its objects."""
    bucket_arn = f"arn:{partition}:s3:::{bucket}"
    return _policy(
        {"Sid": "ListBucket", "Action": "s3:ListBucket", "Resource": bucket_arn},
        {"Sid": "ReadObjects", "Action": "s3:GetObject", "Resource": f"{bucket_arn}/*"},
    )


def build_table_read_policy(table_arn: str) -> dict[str, Any]:
    """Allow reading items of one DynamoDB table."""
    actions = ["dynamodb:GetItem", "dynamodb:Query"]
    return _policy({"Sid": "ReadItems", "Action": actions, "Resource": table_arn})


def build_secret_read_policy(secret_arn: str) -> dict[str, Any]:
    """Allow reading one secret; its ARN ends in six random signs, so take it from the secret."""
    action = "secretsmanager:GetSecretValue"
    return _policy({"Sid": "ReadSecret", "Action": action, "Resource": secret_arn})


def _policy(*grants: dict[str, Any]) -> dict[str, Any]:
    allowed = [{"Sid": grant.pop("Sid"), "Effect": "Allow", **grant} for grant in grants]
    return {"Version": "2012-10-17", "Statement": allowed}


def role_arn(world: World, name: str) -> str:
    """The ARN of a role of this account; what the ServiceAccount's annotation wants."""
    partition = arns.Arn.parse(world.cluster.arn).partition
    return arns.role_arn(world.cluster.account_id, name, partition=partition)


def describe_role(world: World, name: str) -> dict[str, Any] | None:
    """What IAM knows of a role, or None where there is none.

    Keys: `Arn`, `RoleId`, `CreateDate` (an aware datetime), `MaxSessionDuration` (seconds),
    `TrustPolicy`, `InlinePolicies` (name to document), `AttachedPolicies` (ARNs), `Tags` (key to
    value).
    """
    iam = world.aws("iam")
    try:
        role = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        return None
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return {
        "Arn": role["Arn"],
        "RoleId": role["RoleId"],
        "CreateDate": role["CreateDate"],
        "MaxSessionDuration": role["MaxSessionDuration"],
        "TrustPolicy": role["AssumeRolePolicyDocument"],
        "InlinePolicies": {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        },
        "AttachedPolicies": [policy["PolicyArn"] for policy in attached],
        "Tags": {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])},
    }


def managed_policy(world: World, arn: str) -> dict[str, Any]:
    """The document of a managed policy, in the version that counts.

    One of AWS's own is asked for once: AWS changes them a few times a year, and nobody else can.
    """
    if arns.Arn.parse(arn).account_id != OWNER_AWS:
        return _document(world, arn)
    key = (world.name, arn)
    if key not in _documents_of_aws:
        _documents_of_aws[key] = _document(world, arn)
    return deepcopy(_documents_of_aws[key])


def _document(world: World, arn: str) -> dict[str, Any]:
    iam = world.aws("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    stored = iam.get_policy_version(PolicyArn=arn, VersionId=version)
    return dict(stored["PolicyVersion"]["Document"])


def ensure_role(
    world: World,
    name: str,
    trust_policy: Mapping[str, Any],
    *,
    permission_policies: Mapping[str, Mapping[str, Any]] | None = None,
    max_session_seconds: int | None = None,
    approve: bool = False,
) -> Change:
    """The role exists with this trust policy and these inline policies (name to document).

    A policy is written only where it says something else than the one that is there. Inline
    policies of other names, and attached ones, are left alone. A role that exists keeps its tags:
    `cleanup()` removes only what the lab made. `max_session_seconds` is 3600 to 43200; None keeps
    what is there, 3600 for a new role.
    """
    wanted = dict(permission_policies or {})
    role = describe_role(world, name)
    if role is None:
        return _create_role(
            world, name, trust_policy, wanted, max_session_seconds or 3600, approve=approve
        )
    steps = _updates(world, name, role, trust_policy, wanted, max_session_seconds)
    if not steps:
        return Change("none", KIND, name, ("trust policy and permissions are as wanted",))
    planned = Change("update", KIND, name, tuple(steps))
    if not may_apply(world, approve):
        return planned
    for update in steps.values():
        update()
    return planned.done()


def _updates(
    world: World,
    name: str,
    role: Mapping[str, Any],
    trust_policy: Mapping[str, Any],
    permission_policies: Mapping[str, Mapping[str, Any]],
    max_session_seconds: int | None,
) -> dict[str, Callable[[], None]]:
    """What must be done to a role that exists: each step's sentence, and the call that does it."""
    iam = world.aws("iam")
    steps: dict[str, Callable[[], None]] = {}
    if not same_policy(role["TrustPolicy"], trust_policy):
        steps["trust policy: replaced by the one given"] = partial(
            iam.update_assume_role_policy, RoleName=name, PolicyDocument=json.dumps(trust_policy)
        )
    if max_session_seconds not in {None, role["MaxSessionDuration"]}:
        steps[f"maximum session duration: {max_session_seconds} s"] = partial(
            iam.update_role, RoleName=name, MaxSessionDuration=max_session_seconds
        )
    for policy, document in permission_policies.items():
        if not same_policy(role["InlinePolicies"].get(policy, {}), document):
            steps[f"inline policy {policy}: {_actions(document)}"] = partial(
                _put_policies, world, name, {policy: document}
            )
    return steps


def _create_role(
    world: World,
    name: str,
    trust_policy: Mapping[str, Any],
    permission_policies: Mapping[str, Mapping[str, Any]],
    max_session_seconds: int,
    *,
    approve: bool,
) -> Change:
    details = (
        "trust policy: the one given",
        *(f"inline policy {p}: {_actions(d)}" for p, d in permission_policies.items()),
        f"tag irsa-lab={world.cluster_name}",
    )
    planned = Change("create", KIND, name, details)
    if not may_apply(world, approve):
        return planned
    world.aws("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(trust_policy),
        Description="Made by IRSA Lab",
        MaxSessionDuration=max_session_seconds,
        Tags=aws_tags(world),
    )
    _put_policies(world, name, permission_policies)
    return planned.done()


def _put_policies(world: World, role: str, policies: Mapping[str, Mapping[str, Any]]) -> None:
    for policy, document in policies.items():
        world.aws("iam").put_role_policy(
            RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document)
        )


def ensure_no_role(world: World, name: str, *, approve: bool = False) -> Change:
    """The role is gone: IAM wants its inline policies deleted and its attached ones detached."""
    role = describe_role(world, name)
    if role is None:
        return Change("none", KIND, name)
    inline, attached = list(role["InlinePolicies"]), role["AttachedPolicies"]
    details = (
        *(f"delete inline policy {policy}" for policy in inline),
        *(f"detach {policy}" for policy in attached),
    )
    planned = Change("delete", KIND, name, details)
    if not may_apply(world, approve):
        return planned
    iam = world.aws("iam")
    for policy in inline:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for policy in attached:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy)
    iam.delete_role(RoleName=name)
    return planned.done()


def ensure_no_permission(world: World, role: str, policy: str, *, approve: bool = False) -> Change:
    """The role has no inline policy of that name."""
    iam = world.aws("iam")
    name = f"{role}/{policy}"
    try:
        exists = policy in iam.list_role_policies(RoleName=role)["PolicyNames"]
    except iam.exceptions.NoSuchEntityException:
        exists = False
    if not exists:
        return Change("none", "inline policy", name)
    planned = Change("delete", "inline policy", name)
    if not may_apply(world, approve):
        return planned
    iam.delete_role_policy(RoleName=role, PolicyName=policy)
    return planned.done()


def ensure_older_sessions_revoked(world: World, role: str, *, approve: bool = False) -> Change:
    """Whatever session of the role began before now is refused everything; a new one is not.

    What the IAM console's "Revoke active sessions" does, under the name that it gives. Source: IAM
    User Guide, "Revoke IAM role temporary security credentials".
    """
    before = stamp(world.now())
    older = {"DateLessThan": {"aws:TokenIssueTime": before}}
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": older}
    policy = {"Version": "2012-10-17", "Statement": [deny]}
    planned = Change("update", KIND, role, (f"refuse sessions that began before {before}",))
    if not may_apply(world, approve):
        return planned
    _put_policies(world, role, {REVOCATION: policy})
    return planned.done()


def tagged_roles(world: World) -> Iterator[str]:
    """The names of the roles that carry this cluster's tag; one call for each role."""
    iam, [own_tag] = world.aws("iam"), aws_tags(world)
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            name = role["RoleName"]
            if role["Path"].startswith(("/aws-service-role/", "/aws-reserved/")):
                continue
            if own_tag in iam.list_role_tags(RoleName=name)["Tags"]:
                yield name


def same_policy(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two policies say the same: order, and `x` against `["x"]`, make no difference."""
    return bool(_canonical(one) == _canonical(other))


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        members = sorted((_canonical(item) for item in value), key=json.dumps)
        return members[0] if len(members) == 1 else members
    return value


def _actions(policy: Mapping[str, Any]) -> str:
    """The actions a policy names, for a plan: `s3:GetObject, s3:ListBucket`."""
    actions = {action for it in statements(policy) for action in listed(it.get("Action", []))}
    return ", ".join(sorted(actions))
