"""What is too wide in a permission policy, or allows nothing at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from irsa_helpers.policy.lists import listed
from irsa_helpers.policy.permissions import allowing, is_on_buckets, is_on_objects
from irsa_helpers.policy.trust_findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from irsa_helpers.policy.recorded import Call

# With these on `*` a role can give itself, or become, anything.
ESCALATING = {"iam:*", "iam:PassRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"} | {
    "iam:CreateAccessKey",
    "iam:UpdateAssumeRolePolicy",
    "sts:AssumeRole",
    "sts:*",
}


def check_permission_policy(policy: Mapping[str, Any], used: Iterable[Call] = ()) -> list[Finding]:
    """The flaws of a permission policy; with `used`, also what it allows and nobody called.

    An empty list says: named actions on named resources, each of the right kind.
    """
    findings = [f for statement in allowing([policy]) for f in _check_statement(statement)]
    seen = {call.action.lower() for call in used if call.allowed}
    return findings + (list(_unused(policy, seen)) if seen else [])


def _check_statement(statement: dict[str, Any]) -> Iterator[Finding]:
    if "NotAction" in statement or "NotResource" in statement:
        message = "Allow with NotAction or NotResource allows all that it does not name"
        yield Finding("negated", "too-wide", message, "name what is allowed: Action, Resource")
    resources = listed(statement.get("Resource", []))
    for action in listed(statement.get("Action", [])):
        yield from _check_action(action, resources)
    for resource in resources:
        if resource == "*" or re.match(r"arn:(\*|[\w-]+:s3:::\*$)", resource):
            message = f"the resource {resource} is every one of the account"
            yield Finding("wide-resource", "too-wide", message, "the ARN of what the app uses")


def _check_action(action: str, resources: list[str]) -> Iterator[Finding]:
    if "*" in action:
        message = f"the action {action} allows also what the app never calls"
        yield Finding("wide-action", "too-wide", message, "the actions that the app calls")
    if action in ESCALATING and "*" in resources:
        message = f"{action} on * lets the role give itself, or become, anything"
        yield Finding("escalation", "too-wide", message, "one role's ARN, and a condition")
    for resource in resources:
        if not re.match(r"arn:[\w-]+:s3:::(?!\*$)", resource):
            continue
        is_objects = "/" in resource
        if is_on_objects(action) and not is_objects:
            message = f"{action} is an action on objects, {resource} is a bucket: it allows nothing"
            yield Finding("bucket-for-objects", "broken", message, f"{resource}/*")
        if is_on_buckets(action) and is_objects:
            bucket = resource.partition("/")[0]
            message = f"{action} is an action on buckets, {resource} is objects: it allows nothing"
            yield Finding("objects-for-bucket", "broken", message, bucket)


def _unused(policy: Mapping[str, Any], seen: set[str]) -> Iterator[Finding]:
    for statement in allowing([policy]):
        for action in listed(statement.get("Action", [])):
            if "*" not in action and action.lower() not in seen:
                message = f"{action} is allowed, and was not called"
                yield Finding("unused", "advice", message, "take it out, if the app never needs it")
