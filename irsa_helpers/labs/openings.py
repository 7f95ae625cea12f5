"""Who else gets in, and what else is allowed: the openings that an over-broad fix leaves.

Pure functions of policies. They judge what a policy says by asking the evaluator about those who
must not get in, and they take each condition that an asker can fulfil at will for fulfilled.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from irsa_helpers import trust
from irsa_helpers.doctor.admission import TokenFacts, ask_trust_policy
from irsa_helpers.doctor.policies import allowing, statements, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Document = dict[str, Any]

# What reading one bucket takes, in small letters. Source: Service Authorization Reference, S3.
READING = {"s3:getobject", "s3:getobjectversion", "s3:getobjectattributes", "s3:listbucket"} | {
    "s3:getobjecttagging",
    "s3:getbucketlocation",
    "s3:listbucketversions",
}
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
    patterns = [
        value
        for rule in trust.describe_trust_policy(policy)
        for condition in rule.conditions
        if condition.claim == "sub"
        for value in condition.values
    ]
    made = [each for pattern in patterns for each in _fitting(pattern, own)]
    found = [each for each in [*near, *made] if SUBJECT_FORM.fullmatch(each) and each != own]
    return list(dict.fromkeys(found))


def _fitting(pattern: str, own: str) -> Iterator[str]:
    """Subjects that the pattern fits: each wildcard in turn stands for something else than now."""
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
    kept = {"sub", "aud"}
    open_policy = _generous(policy, lambda key: key.rpartition(":")[2].lower() in kept)
    return [
        stranger
        for stranger in strangers(policy, token.subject)
        if ask_trust_policy(
            role_arn,
            open_policy,
            TokenFacts(token.provider_arn, token.issuer_url, stranger, token.audience),
        ).allowed
    ]


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
    found = [{**each, "Condition": {}} for each in allowing([document])]
    return {**document, "Statement": found} if found else None


def more_than_reading(documents: Iterable[Document], bucket: str) -> Iterator[str]:
    """What Allow statements give beyond reading that bucket, in words."""
    for statement in allowing(documents):
        yield from _beyond(statement, bucket)


def _beyond(statement: Document, bucket: str) -> Iterator[str]:
    for negated in {"NotAction", "NotResource"} & statement.keys():
        yield f"it allows all that {negated} does not name"
    arn = f"arn:aws:s3:::{bucket}"
    for action in texts(statement.get("Action", ())):
        for resource in texts(statement.get("Resource", ())):
            inside = resource == arn or resource.startswith(f"{arn}/")
            if action.lower() not in READING or not inside:
                yield f"it allows {action} on {resource}"


def let_into_bucket(policy: Document, role_arn: str, bucket: str) -> Iterator[str]:
    """Whom a bucket's policy lets in beside the role, and what beyond reading it gives the role."""
    for statement in allowing([policy]):
        others = [who for who in _principals(statement) if who != role_arn]
        if others:
            yield f"the bucket's own policy lets in {', '.join(others)}"
        for text in _beyond(statement, bucket):
            yield f"the bucket's own policy: {text}"


def _principals(statement: Document) -> list[str]:
    if "NotPrincipal" in statement:
        return ["all that NotPrincipal does not name"]
    found = statement.get("Principal", "*")
    if isinstance(found, str):
        return [found]
    return [who for listed in found.values() for who in texts(listed)]


def allowed(documents: Iterable[Document]) -> set[tuple[str, str]]:
    """(action, resource) of each Allow statement, as written; `*` for what it only negates."""
    return {
        (action, resource)
        for statement in allowing(documents)
        for action in texts(statement.get("Action", "*"))
        for resource in texts(statement.get("Resource", "*"))
    }
