"""Whether a fix of a policy takes access from somebody, or gives it to somebody else.

Before and after are asked about everybody whom the policies may be about: those whom they name, and
a stranger whom nobody has thought of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.fixes.supposed import aws_calls
from irsa_helpers.doctor.fixes.trust_fix import Wanted, harm
from irsa_helpers.pod_identity import SERVICE
from irsa_helpers.policy import Request, evaluate
from irsa_helpers.policy import permissions as policies
from irsa_helpers.policy.lists import listed, statements

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case

Document = dict[str, Any]
# The actions that a fix of a link is there to give.
MEANT = {"encryption-keys": {"kms:Decrypt", "kms:GenerateDataKey"}}
STRANGER = "arn:aws:iam::999988887777:role/stranger"


def others_touched(case: Case, supposed: Case, link: str, fix: str) -> list[str]:
    """Who else would lose or gain by the AWS calls of a fix of that link, in sentences."""
    touched: list[str] = []
    for service, operation, options in aws_calls(fix):
        if operation == "update-assume-role-policy":
            touched += _by_trust(case, link, options)
        elif operation in {"put-role-policy", "delete-role-policy"}:
            touched += _by_permissions(case, supposed, link)
        elif operation.endswith(("bucket-policy", "resource-policy", "key-policy")):
            touched += _by_resource(case, service, options)
    return touched


def _by_trust(case: Case, link: str, options: dict[str, str]) -> Iterator[str]:
    """Narrowing is to shut others of the cluster out; all else keeps whoever gets in today."""
    before = case.world.aws("iam").get_role(RoleName=options["--role-name"])["Role"]
    after = json.loads(options["--policy-document"])
    wanted = Wanted(before["Arn"], case.intended_token)
    meant = {SERVICE, (case.association or {}).get("roleArn")} if case.is_by_association else set()
    for somebody in harm(before["AssumeRolePolicyDocument"], after, wanted):
        narrowed = link == "trust-scope" and somebody.principal == wanted.token.provider_arn
        if somebody.principal not in meant and not narrowed:
            yield f"{somebody.principal} would lose or gain {somebody.action} on {before['Arn']}"


def _by_permissions(case: Case, supposed: Case, link: str) -> Iterator[str]:
    """What the role may do today it may do then, and it gets no action that no policy names.

    Where resources are put right, those that are not there are lost as they should be.
    """
    before, after = list(case.acting.policies.values()), list(supposed.acting.policies.values())
    name = case.acting.role_name
    if link != "permission-resources":
        for use in policies.uses(before):
            if _allows(before, use) and not _allows(after, use):
                yield f"{name} would lose {use.action} on {use.resource}"
    if before:
        meant = policies.actions(before) | MEANT.get(link, set())
        added = sorted(policies.actions(after) - meant)
        yield from (f"{name} would gain {action}" for action in added)


def _allows(documents: list[Document], use: policies.Use) -> bool:
    request = Request(STRANGER, use.action, use.resource, {"aws:SecureTransport": "true"})
    return evaluate(request, identity_policies=documents).allowed


def _by_resource(case: Case, service: str, options: dict[str, str]) -> Iterator[str]:
    """Whoever is not the role is answered by the resource's policy as before."""
    before, after = _resource_policies(case, service, options)
    role_arn = case.acting.role["Arn"]
    for request in _requests(before):
        named = request.context["aws:PrincipalArn"]
        if named != role_arn and _answer(before, request) != _answer(after, request):
            yield f"{named} would lose or gain {request.action} on {request.resource}"


def _resource_policies(
    case: Case, service: str, options: dict[str, str]
) -> tuple[Document, Document | None]:
    """The policy as it is and as it would be; None for none."""
    if service == "s3api":
        get = case.world.aws("s3").get_bucket_policy
        before, after = get(Bucket=options["--bucket"])["Policy"], options.get("--policy")
    elif service == "kms":
        get = case.world.aws("kms", region=options["--key-id"].split(":")[3]).get_key_policy
        before = get(KeyId=options["--key-id"], PolicyName="default")["Policy"]
        after = options["--policy"]
    else:
        get = case.world.aws("secretsmanager").get_resource_policy
        before = get(SecretId=options["--secret-id"])["ResourcePolicy"]
        after = options.get("--resource-policy")
    return json.loads(before), json.loads(after) if after else None


def _requests(policy: Document) -> Iterator[Request]:
    """Each action that the policy names, by each principal that it names and by a stranger."""
    for statement in statements(policy):
        principal = statement.get("Principal", {})
        named = principal.get("AWS", []) if isinstance(principal, dict) else []
        conditioned = [
            value
            for block in statement.get("Condition", {}).values()
            for key, values in block.items()
            if key.lower() == "aws:principalarn"
            for value in listed(values)
        ]
        people = [written for written in (*listed(named), *conditioned) if ":role/" in written]
        actions = [written.replace("*", "Any") for written in listed(statement.get("Action", []))]
        places = [written.replace("*", "any") for written in listed(statement.get("Resource", []))]
        for who, action, place, secure in product(
            (*people, STRANGER), actions, places, ("true", "false")
        ):
            context = {"aws:SecureTransport": secure, "aws:PrincipalArn": who}
            yield Request(who, action, place, context)


def _answer(policy: Document | None, request: Request) -> str:
    return evaluate(request, identity_policies=[policies.EVERYTHING], resource_policy=policy).effect
