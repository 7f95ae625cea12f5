"""Who else gets in, and what else is allowed: the openings that an over-broad fix leaves.

Pure functions of policies. They judge what a policy says by asking the evaluator about those who
must not get in, and they take each condition that an asker can fulfil at will for fulfilled.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from irsa_helpers import trust
from irsa_helpers.policy import Request, evaluate
from irsa_helpers.policy.admission import TokenFacts, ask_trust_policy
from irsa_helpers.policy.evaluate import needs_resource
from irsa_helpers.policy.lists import listed, statements
from irsa_helpers.policy.permissions import allowing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Document = dict[str, Any]

# How the actions begin that read one bucket, in small letters; with a wildcard behind it as well.
# Source: Service Authorization Reference, S3.
READING = ("s3:getobject", "s3:list", "s3:getbucketlocation")
# It needs no right, and gives none. Source: STS API Reference, GetCallerIdentity.
NEEDS_NO_RIGHT = "sts:getcalleridentity"
SUBJECT_FORM = re.compile(r"system:serviceaccount:([a-z0-9.-]+):([a-z0-9.-]+)")


def strangers(policy: Document, own: str) -> list[str]:
    """The `sub` claims of ServiceAccounts other than `own` that a trust policy might let in.

    Some are near to `own` whatever the policy says; the others are made to fit its patterns.
    """
    namespace, name = own.split(":")[-2:]
    near = [
        trust.subject(namespace, "default"),
        trust.subject("default", name),
        trust.subject("kube-system", "default"),
        trust.subject(namespace, f"{name}-2"),
        trust.subject(f"{namespace}-x", name),
    ]
    made = _made_for(policy, "sub", own)
    subjects = [it for it in [*near, *made] if SUBJECT_FORM.fullmatch(it) and it != own]
    return list(dict.fromkeys(subjects))


def _made_for(policy: Document, claim: str, own: str) -> list[str]:
    """Values of a claim that fit what the policy's conditions on it name, and are not `own`."""
    patterns = [
        value
        for rule in trust.describe_trust_policy(policy)
        for condition in rule.conditions
        if condition.claim == claim
        for value in condition.values
    ]
    return [value for pattern in patterns for value in _fitting(pattern, own) if value != own]


def _fitting(pattern: str, own: str) -> Iterator[str]:
    """Values that the pattern fits: each wildcard in turn stands for something else than now."""
    pieces = re.split(r"([*?])", pattern)
    groups = {"*": "(.*)", "?": "(.)"}
    fits = re.fullmatch("".join(groups.get(piece) or re.escape(piece) for piece in pieces), own)
    if fits is None:
        yield pattern.replace("*", "x").replace("?", "x")
        yield pattern.replace("*", "x:x").replace("?", "x")
        return
    for place in range(len(fits.groups())):
        held = iter(
            _another(text) if at == place else text for at, text in enumerate(fits.groups())
        )
        yield "".join(next(held) if piece in groups else piece for piece in pieces)


def _another(text: str) -> str:
    """Something else that the same wildcard fits: one sign for one sign, else one more."""
    if len(text) == 1:
        return "y" if text == "x" else "x"
    return f"{text}x"


def admitted_strangers(policy: Document, role_arn: str, token: TokenFacts) -> list[str]:
    """The strangers that the trust policy lets in, with tokens of that provider and audience."""
    tokens = [replace(token, subject=who) for who in strangers(policy, token.subject)]
    return [shown.subject for shown in tokens if _admits(policy, role_arn, shown)]


def admitted_audiences(policy: Document, role_arn: str, token: TokenFacts) -> list[str]:
    """The audiences other than the token's own with which the trust policy lets it in."""
    tried = dict.fromkeys(["some.other.service", *_made_for(policy, "aud", token.audience)])
    tokens = [replace(token, audience=audience) for audience in tried]
    return [shown.audience for shown in tokens if _admits(policy, role_arn, shown)]


def _admits(policy: Document, role_arn: str, token: TokenFacts) -> bool:
    """Whether the policy lets in the token's bearer, who fulfils every other condition at will."""
    kept = {"sub", "aud"}
    open_policy = _generous(policy, lambda key: key.rpartition(":")[2].lower() in kept)
    return ask_trust_policy(role_arn, open_policy, token).allowed


def admitted_principals(policy: Document, role_arn: str, tried: Iterable[str]) -> list[str]:
    """Which of those principals a role's trust policy lets assume it, and whom else it names.

    Its own account must allow it too; that is not asked here. Conditions on who asks are kept, each
    other one an asker can fulfil: an external id is no secret.
    """
    kept = {"aws:principalarn", "aws:principalaccount"}
    open_policy = _generous(policy, lambda key: key.lower() in kept)
    named = [
        who
        for statement in allowing([policy])
        for who in _principals(statement)
        if who != "*" and not who.endswith(":root") and not who.isdecimal()
    ]
    let_in = [who for who in tried if _may_assume(open_policy, role_arn, who)]
    return list(dict.fromkeys([*let_in, *named]))


def _may_assume(policy: Document, role_arn: str, who: str) -> bool:
    context = {"aws:PrincipalArn": who, "aws:PrincipalAccount": who.split(":")[4]}
    request = Request(who, "sts:AssumeRole", role_arn, context)
    decision = evaluate(request, resource_policy=policy)
    said_yes = any(reason.matched and reason.effect == "Allow" for reason in decision.reasons)
    return said_yes and decision.effect != "ExplicitlyDenied"


def opens(
    policy: Document | None, who: str, action: str, resource: str, documents: Iterable[Document]
) -> bool:
    """Whether a resource's policy and somebody's own `documents` together allow that.

    Conditions on who asks are kept, each other one an asker can fulfil.
    """
    kept = {"aws:principalarn", "aws:principalaccount"}

    def read(document: Document) -> Document | None:
        generous = _generous(document, lambda key: key.lower() in kept)
        return generous if generous["Statement"] else None

    context = {"aws:PrincipalArn": who, "aws:PrincipalAccount": who.split(":")[4]}
    own = [given for document in documents if (given := read(document))]
    on_it = read(policy) if policy else None
    if policy and on_it is None and needs_resource(action):
        return False  # a key's policy that grants nothing lets nobody in
    request = Request(who, action, resource, context)
    return evaluate(request, identity_policies=own, resource_policy=on_it).allowed


def _generous(policy: Document, keeps: Callable[[str], bool]) -> Document:
    """The policy as it is for somebody who fulfils every condition but those on certain keys."""
    made = []
    for statement in statements(policy):
        blocks = statement.get("Condition", {})
        kept = {
            operator: {key: value for key, value in block.items() if keeps(key)}
            for operator, block in blocks.items()
        }
        kept = {operator: block for operator, block in kept.items() if block}
        if statement["Effect"] == "Allow" or kept == blocks:
            made.append({**statement, "Condition": kept})
    return {**policy, "Statement": made}


def only_allowing(document: Document) -> Document | None:
    """What a policy allows somebody who fulfils every condition; None where that is nothing."""
    given = [{**statement, "Condition": {}} for statement in allowing([document])]
    return {**document, "Statement": given} if given else None


def more_than_reading(documents: Iterable[Document], bucket: str) -> Iterator[str]:
    """What Allow statements give beyond reading that bucket, in words."""
    for statement in allowing(documents):
        yield from _beyond(statement, bucket)


def _beyond(statement: Document, bucket: str) -> Iterator[str]:
    for negated in {"NotAction", "NotResource"} & statement.keys():
        yield f"it allows all that {negated} does not name"
    for action in listed(statement.get("Action", ())):
        for resource in listed(statement.get("Resource", ())):
            reads = action.lower().startswith(READING) and _is_inside(resource, bucket)
            if not reads and action.lower() != NEEDS_NO_RIGHT:
                yield f"it allows {action} on {resource}"


def _is_inside(resource: str, bucket: str) -> bool:
    """Whether it is that bucket or what is in it; a wildcard for the partition opens nothing."""
    parts = resource.split(":", 5)
    return parts[2:3] == ["s3"] and parts[-1].partition("/")[0] == bucket


def let_into_bucket(policy: Document, role_arn: str, bucket: str) -> Iterator[str]:
    """Whom a bucket's policy lets in beside the role, and what beyond reading it gives the role."""
    for statement in allowing([policy]):
        others = [who for who in _principals(statement) if who != role_arn]
        if others and not _is_limited_to(statement, role_arn):
            yield f"the bucket's own policy lets in {', '.join(others)}"
        for text in _beyond(statement, bucket):
            yield f"the bucket's own policy: {text}"


def _is_limited_to(statement: Document, role_arn: str) -> bool:
    """Whether a condition on who asks names that role alone, as where the Principal is a `*`."""
    blocks = statement.get("Condition", {})
    asked = [
        listed(value)
        for operator in ("StringEquals", "StringLike", "ArnEquals", "ArnLike")
        for key, value in blocks.get(operator, {}).items()
        if key.lower() == "aws:principalarn"
    ]
    return [role_arn] in asked


def _principals(statement: Document) -> list[str]:
    if "NotPrincipal" in statement:
        return ["all that NotPrincipal does not name"]
    named = statement.get("Principal", "*")
    if isinstance(named, str):
        return [named]
    return [who for principals in named.values() for who in listed(principals)]


def allowed(documents: Iterable[Document]) -> set[tuple[str, str]]:
    """(action, resource) of each Allow statement, as written; `*` for what it only negates."""
    return {
        (action, resource)
        for statement in allowing(documents)
        for action in listed(statement.get("Action", "*"))
        for resource in listed(statement.get("Resource", "*"))
    }
