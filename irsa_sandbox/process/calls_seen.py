"""The calls that roles made, as the trace tells of them, against a policy that somebody tries."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from irsa_helpers.policy import PolicyError, validate_identity_policy
from irsa_helpers.policy.recorded import calling_roles, calls_of, judge_calls, least_policy


def calls_seen(hops: Sequence[Mapping[str, Any]], role: str, text: str | None) -> dict[str, Any]:
    """What a policy's text says to a role's calls; without one the least that allows them is tried.

    Keys: `roles` that called something, `role` (the last of them where the one asked for did not),
    `policy` (the text), and `verdict`, which has `error` or the keys of `judge_calls`.
    """
    roles = calling_roles(hops)
    chosen = role if role in roles else next(reversed(roles), "")
    calls = calls_of(hops, chosen)
    allowed = [call for call in calls if call.allowed] or calls
    tried = text if text is not None else json.dumps(least_policy(allowed), indent=2)
    verdict: dict[str, Any] = {"error": None, "calls": [], "grants": []}
    if roles:
        try:
            policy = json.loads(tried)
            validate_identity_policy(policy)
            verdict |= judge_calls(policy, calls)
        except PolicyError as error:
            verdict["error"] = f"IAM would not take it: {error}"
        except ValueError as error:
            verdict["error"] = f"no JSON: {error}"
    return {"roles": roles, "role": chosen, "policy": tried, "verdict": verdict}
