"""Recorded calls against permission policies: what is allowed, refused, or used by nobody."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from irsa_helpers.policy.evaluate import Decision, Request, evaluate_one_account
from irsa_helpers.policy.explain import explain, nearest_fix
from irsa_helpers.policy.lists import statements
from irsa_helpers.policy.unseen import Document, judge, knows

Hop = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """One call of an AWS service, as the permission policies saw it.

    `context` has the condition keys that the call brought itself, such as `s3:prefix`.
    """

    action: str
    resource: str
    allowed: bool
    caller: str
    context: Mapping[str, str | list[str]] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{'allowed' if self.allowed else 'DENIED '}  {self.action:<28} {self.resource}"


def calls_of(hops: Iterable[Hop], role: str) -> list[Call]:
    """What sessions of the role called, by the sandbox's trace: oldest first, each call once."""
    calls = [_call(hop) for hop in hops if _is_call_of(hop, role)]
    return list(
        {(c.action, c.resource, c.allowed, json.dumps(c.context)): c for c in calls}.values()
    )


def calling_roles(hops: Iterable[Hop]) -> list[str]:
    """The names of the roles whose sessions have called something, the latest last."""
    arns = (hop["detail"].get("role_arn") for hop in hops if hop["kind"] == "aws-call")
    names = [arn.rpartition("/")[2] for arn in arns if arn]
    return list(reversed(dict.fromkeys(reversed(names))))


def _is_call_of(hop: Hop, role: str) -> bool:
    return hop["kind"] == "aws-call" and (hop["detail"].get("role_arn") or "").endswith(f"/{role}")


def _call(hop: Hop) -> Call:
    detail = hop["detail"]
    allowed = hop["outcome"] == "ok"
    context = detail.get("context", {})
    return Call(detail["action"], detail["resource"], allowed, detail["caller_arn"], context)


def least_policy(calls: Iterable[Call]) -> dict[str, Any]:
    """The permission policy that allows these calls and no other, a statement for each resource.

    It names what was seen: whether the app reads other objects tomorrow is for you to know.
    """
    actions: dict[str, set[str]] = {}
    for call in calls:
        actions.setdefault(call.resource, set()).add(call.action)
    listed = [
        {"Effect": "Allow", "Action": sorted(names), "Resource": resource}
        for resource, names in actions.items()
    ]
    return {"Version": "2012-10-17", "Statement": listed}


def judge_calls(
    policy: Document,
    calls: Sequence[Call],
    others: Sequence[Document] = (),
    context: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What a policy, beside the role's `others`, says to recorded calls, as JSON-able data.

    `calls`: each call's `action`, `resource`, `recorded` and `allowed` (then and now), and of a
    refusal `why` and `fix`; `unseen` has the condition keys that no record keeps. `grants`: each
    action that a statement names, with the number of calls that need it; an Allow with 0 is unused.
    Raises PolicyError for a policy that IAM would not have taken.
    """
    known = context or {}
    return {
        "calls": [_judged([policy, *others], call, known) for call in calls],
        "grants": [
            {"statement": label, "effect": part["Effect"], "what": what, "calls": count}
            for label, part, what in _parts(policy)
            for count in [sum(_takes_effect(part, call, known) for call in calls)]
        ],
    }


def _judged(policies: Sequence[Document], call: Call, context: Mapping[str, str]) -> dict[str, Any]:
    request = _request(call, context)

    def decide(read: Any) -> Decision:
        return evaluate_one_account(
            request, identity_policies=[read(document) for document in policies]
        )

    judgement = judge(policies, knows(request), decide)
    refused = not judgement.decision.allowed
    return {
        "action": call.action,
        "resource": call.resource,
        "recorded": call.allowed,
        "allowed": judgement.decision.allowed,
        "why": explain(judgement.decision) if refused else judgement.decision.reason,
        "fix": nearest_fix(judgement.decision),
        "unseen": list(judgement.unseen),
    }


def _request(call: Call, context: Mapping[str, str]) -> Request:
    return Request(call.caller, call.action, call.resource, {**context, **call.context})


def _parts(policy: Document) -> Iterator[tuple[str, Document, str]]:
    """Each statement taken apart by its actions: its label, that part alone, what it is about."""
    for number, statement in enumerate(statements(policy), 1):
        label = statement.get("Sid") or f"statement {number}"
        if "Action" not in statement:
            yield label, statement, "all but what NotAction names"
            continue
        named = statement["Action"]
        for action in [named] if isinstance(named, str) else named:
            yield label, {**statement, "Action": action}, action


def _takes_effect(part: Document, call: Call, context: Mapping[str, str]) -> bool:
    """Whether the part of a statement is about the call, whichever way it decides."""
    alone = {"Version": "2012-10-17", "Statement": [part]}
    decide = partial(evaluate_one_account, _request(call, context), identity_policies=[alone])
    return any(statement.matched for statement in decide().reasons)
