"""The IAM policy language: parse, validate, evaluate, explain. Pure functions, no I/O."""

from irsa_helpers.policy.document import Policy, PolicyError, parse_policy
from irsa_helpers.policy.evaluate import (
    ConditionResult,
    Decision,
    Request,
    StatementResult,
    evaluate,
    evaluate_one_account,
)
from irsa_helpers.policy.explain import explain, nearest_fix
from irsa_helpers.policy.validate import validate_identity_policy, validate_trust_policy

__all__ = [
    "ConditionResult",
    "Decision",
    "Policy",
    "PolicyError",
    "Request",
    "StatementResult",
    "evaluate",
    "evaluate_one_account",
    "explain",
    "nearest_fix",
    "parse_policy",
    "validate_identity_policy",
    "validate_trust_policy",
]
