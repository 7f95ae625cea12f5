"""The AWS side, last part: what the role may do once it was taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from irsa_helpers import arns
from irsa_helpers.doctor import policies
from irsa_helpers.doctor.reading import SkipError, read_aws
from irsa_helpers.doctor.result import Link, broken, ok
from irsa_helpers.policy import Decision, Request, evaluate, explain

if TYPE_CHECKING:
    from irsa_helpers.doctor.case import Case


def permissions(case: Case) -> Link:
    """The role has permission policies."""
    found = case.policies
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


def permission_resources(case: Case) -> Link:
    """Each action is allowed on a resource that it can be used on, and that exists."""
    documents = list(case.policies.values())
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
    for table in policies.tables(documents):
        yield from _missing_table(case, table)
    for secret in policies.secrets(documents):
        yield from _missing_secret(case, secret)


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


def permission_limits(case: Case) -> Link:
    """No Deny and no permissions boundary takes back what the role's policies allow."""
    documents = [policies.judgeable(document) for document in case.policies.values()]
    if not documents:
        raise SkipError("the role has no policy")
    lost = [
        f"{use.action} on {use.resource}: {explain(decision)}"
        for use in policies.uses(documents)
        if not (decision := _decide(case, use, documents)).allowed
    ]
    if not lost:
        return ok("nothing that is allowed is taken back")
    return broken(
        "\n".join(lost),
        expected="what one policy allows, neither a Deny nor the permissions boundary takes back",
        error="AccessDenied … with an explicit deny in an identity-based policy, or because no "
        "permissions boundary allows the … action",
        fix=f"take out that Deny, or: aws iam delete-role-permissions-boundary "
        f"--role-name {case.role_name}",
    )


def _decide(
    case: Case,
    use: policies.Use,
    documents: list[dict[str, Any]],
    resource_policy: dict[str, Any] | None = None,
) -> Decision:
    """What AWS would say to that use by a session of the role."""
    parts = arns.Arn.parse(case.role["Arn"])
    session = f"assumed-role/{case.role_name}/botocore-session-1"
    request = Request(
        principal=f"arn:{parts.partition}:sts::{parts.account_id}:{session}",
        action=use.action,
        resource=use.resource,
        context={
            "aws:SecureTransport": "true",
            "aws:PrincipalArn": case.role["Arn"],
            "aws:PrincipalAccount": parts.account_id,
        },
    )
    return evaluate(
        request,
        identity_policies=documents,
        resource_policy=resource_policy,
        permissions_boundary=case.boundary,
    )


def resource_policies(case: Case) -> Link:
    """No policy of a bucket or secret denies what the role's policies allow."""
    documents = list(case.policies.values())
    named = [*policies.buckets(documents), *policies.secrets(documents)]
    if not named:
        raise SkipError("the role's policies name no bucket and no secret")
    denials = [text for name in named for text in _denials(case, name, documents)]
    if not denials:
        return ok(f"no denial on {', '.join(named)}")
    return broken(
        "\n".join(denials),
        expected="no Deny in the resource's own policy that hits this role",
        error="AccessDenied … with an explicit deny in a resource-based policy",
        fix="put that policy back without the statement, or with this role excepted:\n"
        "aws s3api put-bucket-policy, aws secretsmanager put-resource-policy",
    )


def _denials(case: Case, name: str, documents: list[dict[str, Any]]) -> Iterator[str]:
    found = _resource_policy(case, name)
    if found is None:
        return
    policy = policies.judgeable(json.loads(found))
    for use in policies.uses(documents):
        if not use.is_on(name):
            continue
        decision = _decide(case, use, documents, policy)
        if decision.effect == "ExplicitlyDenied":
            yield f"{use.action} on {use.resource}: {explain(decision)}"


def _resource_policy(case: Case, name: str) -> str | None:
    """The policy of a bucket (by name) or a secret (by ARN) as JSON text."""
    if not name.startswith("arn:"):
        get = case.world.aws("s3").get_bucket_policy
        found = read_aws("s3:GetBucketPolicy", get, Bucket=name) or {}
        return found.get("Policy")
    secrets = case.world.aws("secretsmanager", region=arns.Arn.parse(name).region)
    right = "secretsmanager:GetResourcePolicy"
    return (read_aws(right, secrets.get_resource_policy, SecretId=name) or {}).get("ResourcePolicy")
