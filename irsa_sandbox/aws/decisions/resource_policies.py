"""The policies that resources carry, as they are stored and read."""

from __future__ import annotations

from typing import Any

from irsa_helpers.policy import Policy, PolicyError, parse_policy

_DENIED = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
_UNREADABLE = {"Version": "2012-10-17", "Statement": {"Sid": "Unreadable", **_DENIED}}


def stored(document: Any) -> Policy | None:
    """A stored policy, None where none is; one that cannot be read denies all."""
    if not document:
        return None
    text = document.decode() if isinstance(document, bytes) else document
    try:
        return parse_policy(text)
    except PolicyError:
        return parse_policy(_UNREADABLE)


def lacks_principal(policy: Policy) -> bool:
    """Whether a statement names nobody, as one of an identity policy does."""
    return any(statement.principals is None for statement in policy.statements)
