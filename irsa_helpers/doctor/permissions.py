"""The AWS side, last part: what the role may do once it was taken."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from irsa_helpers import arns
from irsa_helpers.doctor import policies
from irsa_helpers.doctor.app_log import refused_action
from irsa_helpers.doctor.fixes import commands, comment, permission_command
from irsa_helpers.doctor.reading import CannotSeeError, SkipError, read_aws
from irsa_helpers.doctor.result import Link, broken, ok, risk
from irsa_helpers.policy import Decision, Request, evaluate_one_account, explain

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
        error=f"AccessDenied: User: arn:{case.partition}:sts::{case.role_account}:assumed-role/"
        f"{case.role_name}/… is not authorized to perform: … because no identity-based policy "
        "allows the … action",
        fix=_first_policy(case),
    )


def _first_policy(case: Case) -> str:
    """A policy for what the app's log says it was refused; a comment where it says nothing."""
    refused = refused_action(case)
    if refused is None:
        return comment(
            f"aws iam put-role-policy --role-name {case.role_name} --policy-name NAME "
            "--policy-document file://policy.json, with what the app does"
        )
    action, resource = refused
    if action.lower().startswith(policies.OBJECT_ACTIONS):
        resource = f"{resource.partition('/')[0]}/*"
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return commands(
        comment("what the app was refused last, as its log says:"),
        permission_command(case, "app", policy),
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
        fix=_mended_policies(case),
    )


def _mended_policies(case: Case) -> str:
    """Each inline policy with its resources put right; a comment where that cannot be told."""
    fixes, near = [], _nearest_buckets(case)
    told = [f"if {there} is meant by {named}:" for named, there in near.items()]
    for name, document in case.inline_policies.items():
        mended = policies.with_fitting_resources(document, near)
        if mended != document:
            fixes.append(permission_command(case, name, mended))
    return commands(*map(comment, told), *fixes) or comment(
        f"in the policies of {case.role_name}, name what is there; this shows it:\n"
        "aws s3api list-buckets; aws dynamodb list-tables; aws secretsmanager list-secrets"
    )


def _nearest_buckets(case: Case) -> dict[str, str]:
    """For each bucket that is named and not there, the account's bucket of the nearest name."""
    named = policies.buckets(list(case.policies.values()))
    missing = [name for name in named if not _is_there(case, name)]
    if not missing:
        return {}
    try:
        found = read_aws("s3:ListAllMyBuckets", case.world.aws("s3").list_buckets) or {}
    except CannotSeeError:
        return {}
    names = [each["Name"] for each in found.get("Buckets", [])]
    near = {name: difflib.get_close_matches(name, names, n=1, cutoff=0.5) for name in missing}
    return {name: alike[0] for name, alike in near.items() if alike}


def _is_there(case: Case, bucket: str) -> bool:
    head = case.world.aws("s3").head_bucket
    return read_aws("s3:ListBucket", head, Bucket=bucket) is not None


def _missing(case: Case, documents: list[dict[str, Any]]) -> Iterator[str]:
    """Buckets, tables and secrets that the policies name whole and that are not there."""
    for bucket in policies.buckets(documents):
        if not _is_there(case, bucket):
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


def permission_scope(case: Case) -> Link:
    """No policy allows all of a service's actions."""
    wide = [
        f"{name}: {text}"
        for name, document in case.policies.items()
        for text in policies.whole_services(document)
    ]
    if not wide:
        return ok("no action stands for a whole service")
    return risk(
        "\n".join(wide),
        expected="the actions that the app calls, on the resources that it uses",
        error="none: whoever gets into the app gets all of that",
        fix=comment(
            f"in the policies of {case.role_name}, name the app's actions and resources;\n"
            "IAM Access Analyzer tells which were called; in the sandbox, irsa_helpers.audit does"
        ),
    )


def _as_meant(case: Case) -> list[policies.Document]:
    """The role's policies with resources that fit their actions: one fault is not to hide another.

    The link permission-resources tells where they do not fit.
    """
    return [policies.with_fitting_resources(each, {}) for each in case.policies.values()]


def permission_limits(case: Case) -> Link:
    """No Deny and no permissions boundary takes back what the role's policies allow."""
    documents = [policies.judgeable(document) for document in _as_meant(case)]
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
        fix=_limits_fix(case),
    )


def _limits_fix(case: Case) -> str:
    """Each inline policy without what it denies; a comment on what is kept elsewhere."""
    fixes = []
    for name, document in case.inline_policies.items():
        kept = list(policies.allowing([document]))
        if kept and kept != policies.statements(document):
            fixes.append(permission_command(case, name, {**document, "Statement": kept}))
        elif not kept:
            fixes.append(
                f"aws iam delete-role-policy --role-name {case.role_name} --policy-name {name}"
            )
    if case.boundary is not None:
        arn = case.role["PermissionsBoundary"]["PermissionsBoundaryArn"]
        fixes.append(comment(f"the permissions boundary is {arn}: it must allow it as well"))
    return commands(*fixes) or comment("take the Deny out of the policy named above")


def _decide(
    case: Case,
    use: policies.Use,
    documents: list[dict[str, Any]],
    resource_policy: dict[str, Any] | None = None,
) -> Decision:
    """What the role's side, and a policy of the resource that was read, say to that use.

    What another account's resource allows is not seen from here: it is no reason to call it broken.
    """
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
    return evaluate_one_account(
        request,
        identity_policies=documents,
        resource_policy=resource_policy,
        permissions_boundary=case.boundary,
    )


def resource_policies(case: Case) -> Link:
    """No policy of a bucket or secret denies what the role's policies allow."""
    documents = _as_meant(case)
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
        fix=commands(*(fix for name in named if (fix := _without_denials(case, name)))),
    )


def _without_denials(case: Case, name: str) -> str:
    """What puts back that resource's policy with this role excepted from what it denies."""
    found = _resource_policy(case, name)
    if found is None:
        return ""
    policy = json.loads(found)
    kept = policies.excepting(policy, case.role["Arn"])
    if name.startswith("arn:"):
        if not kept["Statement"]:
            return f"aws secretsmanager delete-resource-policy --secret-id {name}"
        document = json.dumps(kept)
        return (
            f"aws secretsmanager put-resource-policy --secret-id {name} "
            f"--resource-policy '{document}'"
        )
    if not kept["Statement"]:
        return f"aws s3api delete-bucket-policy --bucket {name}"
    return f"aws s3api put-bucket-policy --bucket {name} --policy '{json.dumps(kept)}'"


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
