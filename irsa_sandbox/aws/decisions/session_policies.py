"""The policies that a caller of STS lays over the session it asks for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Policy, parse_policy, validate_identity_policy
from irsa_sandbox.aws.callers.directory import Directory

# Our reading: AWS packs the policies in a form of its own and gives its size in per cent of this.
PACKED_CHARACTERS = 2_048


def read(parameters: dict[str, Any], account_id: str, directory: Directory) -> list[str]:
    """The session policies of a call, as JSON texts or managed policies' ARNs. Raises AwsError."""
    policies = []
    if text := parameters.get("Policy"):
        validate_identity_policy(text, quota=len(text))
        policies.append(json.dumps(json.loads(text), separators=(",", ":")))
    for entry in parameters.get("PolicyArns", []):
        arn = entry.get("arn", "")
        if directory.managed_policy(arn, account_id) is None:
            text = f"Policy {arn} does not exist or is not attachable."
            raise AwsError("ValidationError", 400, text)
        policies.append(arn)
    if (packed := packed_size(policies)) > 100:
        text = f"Packed policy consumes {packed}% of allotted space, please use smaller policy."
        raise AwsError("PackedPolicyTooLarge", 400, text)
    return policies


def packed_size(policies: Sequence[str]) -> int:
    """How much of the room for session policies is taken, in per cent, rounded up."""
    return -(-100 * sum(map(len, policies)) // PACKED_CHARACTERS)


def combined(policies: Sequence[str], account_id: str, directory: Directory) -> Policy | None:
    """Session policies as one, None where there are none; one that is gone grants nothing."""
    if not policies:
        return None
    parsed = [
        directory.managed_policy(text, account_id)
        if text.startswith("arn:")
        else parse_policy(text)
        for text in policies
    ]
    statements = [statement for policy in parsed if policy for statement in policy.statements]
    numbered = tuple(replace(it, index=index) for index, it in enumerate(statements))
    return Policy("2012-10-17", numbered)
