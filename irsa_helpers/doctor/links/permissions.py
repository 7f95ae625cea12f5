"""The AWS side, last part: what the role may do once it was taken."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.reading import CannotSeeError, SkipError, UnseenError, read_aws
from irsa_helpers.doctor.fixes.shell import commands, comment, permission_command
from irsa_helpers.doctor.links.app_log import refused_action
from irsa_helpers.doctor.result import Link, broken, ok, risk
from irsa_helpers.ground import arns
from irsa_helpers.policy import Decision, Request, evaluate_one_account, explain
from irsa_helpers.policy import permissions as policies
from irsa_helpers.policy.admission import of_every_call
from irsa_helpers.policy.evaluate import RESOURCE_POLICY
from irsa_helpers.policy.unseen import Document, Judgement, is_of_place, judge

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case

# Keys that a session got by a token never has. Source: IAM User Guide, "AWS global condition
# context keys".
NOT_OF_A_TOKEN = {"aws:multifactorauthpresent", "aws:multifactorauthage", "aws:username"}


def permissions(case: Case) -> Link:
    """The role has permission policies."""
    documents = case.policies
    if documents:
        return ok(", ".join(documents))
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
        answer = read_aws("s3:ListAllMyBuckets", case.world.aws("s3").list_buckets) or {}
    except CannotSeeError:
        return {}
    names = [bucket["Name"] for bucket in answer.get("Buckets", [])]
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
    answer = read_aws("dynamodb:DescribeTable", describe, TableName=name)
    if answer is None or answer["Table"]["TableArn"] != arn:
        yield f"there is no table {arn}"


def _missing_secret(case: Case, arn: str) -> Iterator[str]:
    """A secret's ARN ends in six random signs; without them the policy names another thing."""
    describe = case.world.aws("secretsmanager", region=arns.Arn.parse(arn).region).describe_secret
    answer = read_aws("secretsmanager:DescribeSecret", describe, SecretId=arn)
    if answer is None:
        yield f"there is no secret {arn}"
    elif answer["ARN"] != arn:
        yield f"the secret's ARN is {answer['ARN']}, the policy has {arn}"


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


def as_meant(case: Case) -> list[policies.Document]:
    """The role's policies with resources that fit their actions: one fault is not to hide another.

    The link permission-resources tells where they do not fit.
    """
    values = {key.lower(): value for key, value in _context(case).items()}
    return [
        policies.with_values(policies.with_fitting_resources(document, {}), values)
        for document in case.policies.values()
    ]


def permission_limits(case: Case) -> Link:
    """No Deny and no permissions boundary takes back what the role's policies allow."""
    documents = as_meant(case)
    if not documents:
        raise SkipError("the role has no policy")
    judged = {use: judge_use(case, use, documents) for use in policies.uses(documents)}
    lost = {
        use: judgement.decision
        for use, judgement in judged.items()
        if not judgement.decision.allowed
    }
    if lost:
        return broken(
            _told(lost),
            expected="what one policy allows, neither a condition, a Deny nor the permissions "
            "boundary takes back",
            error="AccessDenied … with an explicit deny in an identity-based policy, or because no "
            "permissions boundary allows the … action",
            fix=_limits_fix(case, lost.values()),
        )
    return as_far_as_seen(judged.values(), "nothing that is allowed is taken back")


def _told(lost: Mapping[policies.Use, Decision]) -> str:
    return "\n".join(f"{use.action} on {use.resource}: {explain(d)}" for use, d in lost.items())


def as_far_as_seen(judged: Iterable[Judgement], told: str) -> Link:
    """The link holds; or cannot be seen, where the caller's place decides."""
    keys = dict.fromkeys(key for judgement in judged for key in judgement.unseen)
    of_place = [key for key in keys if is_of_place(key)]
    if of_place:
        raise UnseenError(f"what the Pod's call has for {', '.join(of_place)}")
    return ok(f"{told}, where the call fits {', '.join(keys)}" if keys else told)


def _limits_fix(case: Case, lost: Iterable[Decision]) -> str:
    """Each inline policy without the Denies that hit; a comment on what is kept elsewhere."""
    fixes, hitting = [], {denial for decision in lost for denial in _denying(decision)}
    for at, (name, document) in enumerate(case.policies.items(), 1):
        labels = {label for policy, label in hitting if policy == f"identity policy {at}"}
        if not labels:
            continue
        if name not in case.inline_policies:
            fixes.append(comment(f"the policy {name} has the Deny: {', '.join(sorted(labels))}"))
        elif kept := policies.without(document, labels)["Statement"]:
            fixes.append(permission_command(case, name, {**document, "Statement": kept}))
        else:
            fixes.append(
                f"aws iam delete-role-policy --role-name {case.role_name} --policy-name {name}"
            )
    if case.boundary is not None and not fixes:
        arn = case.role["PermissionsBoundary"]["PermissionsBoundaryArn"]
        fixes.append(comment(f"the permissions boundary is {arn}: it must allow it as well"))
    return commands(*fixes) or comment("change the condition or the Deny that is named above")


def _denying(decision: Decision) -> Iterator[tuple[str, str]]:
    """(policy, label) of the Deny statements that hit."""
    for reason in decision.reasons:
        if reason.effect == "Deny" and reason.matched:
            yield reason.policy, reason.statement


def judge_use(
    case: Case,
    use: policies.Use,
    documents: list[dict[str, Any]],
    resource_policy: dict[str, Any] | None = None,
) -> Judgement:
    """What the role's side, and a policy of the resource that was read, say to that use.

    What another account's resource allows is not seen from here: it is no reason to call it broken.
    """
    parts = arns.Arn.parse(case.role["Arn"])
    [(session_name, _), *_] = case.calls
    session = f"assumed-role/{case.role_name}/{session_name}"
    request = Request(
        principal=f"arn:{parts.partition}:sts::{parts.account_id}:{session}",
        action=use.action,
        resource=use.resource,
        context=_context(case),
    )
    own = {key.lower() for key in request.context} | NOT_OF_A_TOKEN
    others = [other for other in (resource_policy, case.boundary) if other is not None]

    def decide(read: Callable[[Document], Document]) -> Decision:
        return evaluate_one_account(
            request,
            identity_policies=[read(other) for other in documents],
            resource_policy=None if resource_policy is None else read(resource_policy),
            permissions_boundary=None if case.boundary is None else read(case.boundary),
        )

    return judge([*documents, *others], lambda key: key.lower() in own, decide)


def _context(case: Case) -> dict[str, str]:
    """The condition keys of a call of the app that are known."""
    [(_, region), *_] = case.calls
    return {
        **of_every_call(region or case.world.region),
        "aws:PrincipalArn": case.role["Arn"],
        "aws:PrincipalAccount": arns.Arn.parse(case.role["Arn"]).account_id,
        "aws:PrincipalType": "AssumedRole",
        "aws:PrincipalIsAWSService": "false",
        **{f"aws:PrincipalTag/{tag['Key']}": tag["Value"] for tag in case.role.get("Tags", [])},
    }


def resource_policies(case: Case) -> Link:
    """No policy of a bucket or secret denies what the role's policies allow."""
    documents = as_meant(case)
    named = [*policies.buckets(documents), *policies.secrets(documents)]
    if not named:
        raise SkipError("the role's policies name no bucket and no secret")
    judged = {name: _judged_on(case, name, documents) for name in named}
    denied = {name: hit for name, uses in judged.items() if (hit := _denied(uses))}
    if not denied:
        every = [judgement for uses in judged.values() for judgement in uses.values()]
        return as_far_as_seen(every, f"no denial on {', '.join(named)}")
    return broken(
        "\n".join(map(_told, denied.values())),
        expected="no Deny in the resource's own policy that hits this role",
        error="AccessDenied … with an explicit deny in a resource-based policy",
        fix=commands(*(_without_denials(case, name, hit) for name, hit in denied.items())),
    )


def _denied(judged: dict[policies.Use, Judgement]) -> dict[policies.Use, Decision]:
    return {
        use: judgement.decision
        for use, judgement in judged.items()
        if any(policy == RESOURCE_POLICY for policy, _ in _denying(judgement.decision))
    }


def _without_denials(case: Case, name: str, denied: Mapping[policies.Use, Decision]) -> str:
    """What puts back that resource's policy with this role excepted from the Denies that hit it."""
    policy = json.loads(_resource_policy(case, name) or "{}")
    labels = {label for decision in denied.values() for _, label in _denying(decision)}
    kept = policies.excepting(policy, case.role["Arn"], labels)
    tried = {use: judge_use(case, use, as_meant(case), kept) for use in denied if kept["Statement"]}
    if _denied(tried):
        return comment(f"the policy of {name} must not deny {case.role_name} what it uses")
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


def _judged_on(
    case: Case, name: str, documents: list[dict[str, Any]]
) -> dict[policies.Use, Judgement]:
    """What the resource's own policy says to each use of it; nothing where it has none."""
    text = _resource_policy(case, name)
    if text is None:
        return {}
    policy = json.loads(text)
    uses = [use for use in policies.uses(documents) if use.is_on(name)]
    return {use: judge_use(case, use, documents, policy) for use in uses}


def _resource_policy(case: Case, name: str) -> str | None:
    """The policy of a bucket (by name) or a secret (by ARN) as JSON text."""
    if not name.startswith("arn:"):
        get = case.world.aws("s3").get_bucket_policy
        answer = read_aws("s3:GetBucketPolicy", get, Bucket=name) or {}
        return answer.get("Policy")
    secrets = case.world.aws("secretsmanager", region=arns.Arn.parse(name).region)
    right = "secretsmanager:GetResourcePolicy"
    return (read_aws(right, secrets.get_resource_policy, SecretId=name) or {}).get("ResourcePolicy")
