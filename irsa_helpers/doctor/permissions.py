"""The AWS side, last part: what the role may do once it was taken."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from irsa_helpers import arns
from irsa_helpers.doctor import policies
from irsa_helpers.doctor.reading import SkipError, read_aws
from irsa_helpers.doctor.result import Link, broken, ok
from irsa_helpers.policy import Request, evaluate, explain

if TYPE_CHECKING:
    from irsa_helpers.doctor.case import Case

# Context that a request of a Pod surely carries; a Deny that asks for more cannot be judged here.
KNOWN_CONTEXT = {"aws:securetransport", "aws:principalarn", "aws:principalaccount"}


def permissions(case: Case) -> Link:
    """The role has permission policies."""
    found = role_policies(case)
    if found:
        return ok(", ".join(found))
    return broken(
        f"role {case.role_name} has no policy",
        expected="a policy that allows what the app does, and no more",
        error=f"AccessDenied: User: arn:aws:sts::{case.role_account}:assumed-role/"
        f"{case.role_name}/… is not authorized to perform: … because no identity-based policy "
        "allows the … action",
        fix=f"aws iam put-role-policy --role-name {case.role_name} --policy-name NAME "
        "--policy-document file://policy.json",
    )


def role_policies(case: Case) -> dict[str, dict[str, Any]]:
    """The documents of the role's inline and attached policies, by name."""
    name, iam = case.role["RoleName"], case.world.aws("iam")
    documents = {}
    inline = read_aws("iam:ListRolePolicies", iam.list_role_policies, RoleName=name) or {}
    for policy in inline.get("PolicyNames", []):
        found = read_aws("iam:GetRolePolicy", iam.get_role_policy, RoleName=name, PolicyName=policy)
        documents[policy] = (found or {})["PolicyDocument"]
    listing = iam.list_attached_role_policies
    attached = read_aws("iam:ListAttachedRolePolicies", listing, RoleName=name) or {}
    for policy in attached.get("AttachedPolicies", []):
        documents[policy["PolicyName"]] = _managed_policy(iam, policy["PolicyArn"])
    return documents


def _managed_policy(iam: Any, arn: str) -> dict[str, Any]:
    policy = read_aws("iam:GetPolicy", iam.get_policy, PolicyArn=arn) or {}
    version = read_aws(
        "iam:GetPolicyVersion",
        iam.get_policy_version,
        PolicyArn=arn,
        VersionId=policy["Policy"]["DefaultVersionId"],
    )
    return dict((version or {})["PolicyVersion"]["Document"])


def permission_resources(case: Case) -> Link:
    """Each action is allowed on a resource that it can be used on, and that exists."""
    documents = list(role_policies(case).values())
    if not documents:
        raise SkipError("the role has no policy")
    mistakes = list(policies.mismatched(documents)) or list(_missing(case, documents))
    if not mistakes:
        return ok("actions and resources fit together, and what is named exists")
    return broken(
        "; ".join(mistakes),
        expected="resources that exist, of the kind that the action works on: s3:ListBucket on "
        "arn:aws:s3:::BUCKET, s3:GetObject on arn:aws:s3:::BUCKET/*",
        error="AccessDenied … because no identity-based policy allows the … action",
        fix=f"aws iam put-role-policy --role-name {case.role_name} --policy-name NAME "
        "--policy-document file://policy.json",
    )


def _missing(case: Case, documents: list[dict[str, Any]]) -> Iterator[str]:
    """Buckets, tables and secrets that the policies name whole and that are not there."""
    for bucket in policies.buckets(documents):
        head = case.world.aws("s3").head_bucket
        if read_aws("s3:ListBucket", head, Bucket=bucket) is None:
            yield f"there is no bucket {bucket}"
    for resource in policies.resources(documents):
        if policies.TABLE.fullmatch(resource):
            yield from _missing_table(case, resource)
        if policies.SECRET.fullmatch(resource):
            yield from _missing_secret(case, resource)


def _missing_table(case: Case, arn: str) -> Iterator[str]:
    parts = arns.Arn.parse(arn)
    describe = case.world.aws("dynamodb", region=parts.region).describe_table
    name = parts.resource.partition("/")[2]
    found = read_aws("dynamodb:DescribeTable", describe, TableName=name)
    if found is None or found["Table"]["TableArn"] != arn:
        yield f"there is no table {arn}"


def _missing_secret(case: Case, arn: str) -> Iterator[str]:
    """A secret's ARN ends in six random signs; without them the policy names another thing."""
    describe = case.world.aws("secretsmanager", region=arns.Arn.parse(arn).region).describe_secret
    found = read_aws("secretsmanager:DescribeSecret", describe, SecretId=arn)
    if found is None:
        yield f"there is no secret {arn}"
    elif found["ARN"] != arn:
        yield f"the secret's ARN is {found['ARN']}, the policy has {arn}"


def bucket_policies(case: Case) -> Link:
    """No bucket policy denies what the role's policies allow."""
    documents = list(role_policies(case).values())
    buckets = policies.buckets(documents)
    if not buckets:
        raise SkipError("the role's policies name no bucket")
    denials = [text for bucket in buckets for text in _denials(case, bucket, documents)]
    if not denials:
        return ok(f"no denial on {', '.join(buckets)}")
    return broken(
        "\n".join(denials),
        expected="no Deny in the bucket's policy that hits this role",
        error="AccessDenied … with an explicit deny in a resource-based policy",
        fix=f"aws s3api get-bucket-policy --bucket {buckets[0]}\n"
        "then put it back without that statement, or with this role excepted",
    )


def _denials(case: Case, bucket: str, documents: list[dict[str, Any]]) -> Iterator[str]:
    get = case.world.aws("s3").get_bucket_policy
    found = read_aws("s3:GetBucketPolicy", get, Bucket=bucket)
    if found is None:
        return
    policy = _judgeable(json.loads(found["Policy"]))
    account, name = case.role_account, case.role_name
    for action, resource in policies.uses(documents):
        if not re.fullmatch(rf"arn:[^:]*:s3:::{re.escape(bucket)}(/.*)?", resource):
            continue
        request = Request(
            principal=f"arn:aws:sts::{account}:assumed-role/{name}/botocore-session-1",
            action=action,
            resource=resource,
            context={
                "aws:SecureTransport": "true",
                "aws:PrincipalArn": case.role["Arn"],
                "aws:PrincipalAccount": account,
            },
        )
        decision = evaluate(request, identity_policies=documents, resource_policy=policy)
        if decision.effect == "ExplicitlyDenied":
            yield f"{action} on {resource}: {explain(decision)}"


def _judgeable(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy without statements that depend on where a request comes from."""
    statements = policy.get("Statement", [])
    kept = [
        statement
        for statement in (statements if isinstance(statements, list) else [statements])
        if all(
            key.lower() in KNOWN_CONTEXT
            for block in statement.get("Condition", {}).values()
            for key in block
        )
    ]
    return {**policy, "Statement": kept}


def boundary(case: Case) -> Link:
    """A permissions boundary, if there is one, leaves the role's own permissions standing."""
    found = case.role.get("PermissionsBoundary")
    if found is None:
        return ok("none")
    limit = _managed_policy(case.world.aws("iam"), found["PermissionsBoundaryArn"])
    documents = list(role_policies(case).values())
    lost = [use for use in policies.uses(documents) if not _stands(case, use, documents, limit)]
    if not lost:
        return ok(found["PermissionsBoundaryArn"])
    return broken(
        "; ".join(f"{action} on {resource} is cut off" for action, resource in lost),
        expected=f"{found['PermissionsBoundaryArn']} to allow what the role's policies allow",
        error="AccessDenied … because no permissions boundary allows the … action",
        fix=f"aws iam delete-role-permissions-boundary --role-name {case.role_name}, "
        "or widen that policy",
    )


def _stands(
    case: Case,
    use: tuple[str, str],
    documents: list[dict[str, Any]],
    limit: dict[str, Any],
) -> bool:
    session = f"arn:{arns.Arn.parse(case.role['Arn']).partition}:sts::{case.role_account}"
    request = Request(
        principal=f"{session}:assumed-role/{case.role_name}/botocore-session-1",
        action=use[0],
        resource=use[1],
        context={"aws:PrincipalArn": case.role["Arn"]},
    )
    return evaluate(request, identity_policies=documents, permissions_boundary=limit).allowed
