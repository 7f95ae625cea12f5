"""An IAM policy as data: read from JSON, checked as IAM checks it.

Source: IAM User Guide, "Grammar of the IAM JSON policy language"; messages as IAM returns them
where they are known. Everything unknown is refused: a policy that is not understood grants nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from irsa_helpers.errors import AwsError
from irsa_helpers.policy.lists import listed
from irsa_helpers.policy.match import Principals
from irsa_helpers.policy.operators import find_operator

VERSIONS = ("2012-10-17", "2008-10-17")
TOP_ELEMENTS = {"Version", "Id", "Statement"}
WILDCARDS = {"*", "?"}
STATEMENT_ELEMENTS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}
PRINCIPAL_KINDS = {"AWS", "Federated", "Service", "CanonicalUser"}

# The name of a tag, or of an encryption context, may hold colons of its own:
# `aws:ResourceTag/aws:cloudformation:stack-name`.
_TAG_KEY = re.compile(r"[A-Za-z0-9-]+:[A-Za-z-]+/.*|kms:EncryptionContext:.*", re.DOTALL)


class PolicyError(AwsError):
    """A policy that IAM refuses, with its code (MalformedPolicyDocument or LimitExceeded)."""

    def __init__(self, message: str, *, code: str = "MalformedPolicyDocument") -> None:
        super().__init__(code, 409 if code == "LimitExceeded" else 400, message)


@dataclass(frozen=True)
class Condition:
    """One line of a Condition block: operator as written, key as written, values as text."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """One statement; the `not_…` flags say that its list is of exceptions."""

    index: int
    sid: str
    effect: Literal["Allow", "Deny"]
    principals: Principals | None
    not_principal: bool
    actions: tuple[str, ...]
    not_action: bool
    resources: tuple[str, ...] | None
    not_resource: bool
    conditions: tuple[Condition, ...]

    @property
    def label(self) -> str:
        """How a person finds the statement: its Sid, or its place."""
        return self.sid or f"statement {self.index + 1}"


@dataclass(frozen=True)
class Policy:
    """A policy with its version and statements."""

    version: str
    statements: tuple[Statement, ...]

    @property
    def has_variables(self) -> bool:
        """Whether `${…}` stands for a value: in the older version it is plain text."""
        return self.version == "2012-10-17"


def parse_policy(document: str | Mapping[str, Any]) -> Policy:
    """The policy of a dict or of JSON text. Raises PolicyError for what IAM would refuse."""
    body = _read(document) if isinstance(document, str) else document
    if not isinstance(body, Mapping):
        raise PolicyError("Syntax errors in policy.")
    _only_known(body, TOP_ELEMENTS)
    version = body.get("Version", "2008-10-17")
    if version not in VERSIONS:
        raise PolicyError("The policy must contain a valid version string")
    statements = body.get("Statement")
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, Sequence) or isinstance(statements, str) or not statements:
        raise PolicyError("Syntax errors in policy.")
    parsed = tuple(_statement(statement, index) for index, statement in enumerate(statements))
    sids = [statement.sid for statement in parsed if statement.sid]
    if len(sids) != len(set(sids)):
        raise PolicyError("Statement IDs (SID) in a single policy must be unique.")
    return Policy(version, parsed)


def _read(text: str) -> Any:
    """JSON without duplicate members: two of one name would hide one from the reader."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise PolicyError("This policy contains invalid Json") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _only_known(body: Mapping[str, Any], known: set[str]) -> None:
    if set(body) - known:
        raise PolicyError("Syntax errors in policy.")


def _statement(body: Any, index: int) -> Statement:
    if not isinstance(body, Mapping):
        raise PolicyError("Syntax errors in policy.")
    _only_known(body, STATEMENT_ELEMENTS)
    effect = body.get("Effect")
    if effect is None:
        raise PolicyError("Missing required field Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"Invalid effect: {effect}")
    actions, not_action = _one_of(body, "Action", required=True)
    resources, not_resource = _one_of(body, "Resource", required=False)
    principals, not_principal = _principals(body)
    assert actions is not None
    for action in actions:
        if action != "*" and (action.count(":") != 1 or action.startswith(":")):
            raise PolicyError(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
            )
        if WILDCARDS & set(action.partition(":")[0]) and action != "*":
            raise PolicyError("Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.")
    return Statement(
        index=index,
        sid=_text(body.get("Sid", "")),
        effect=effect,
        principals=principals,
        not_principal=not_principal,
        actions=actions,
        not_action=not_action,
        resources=resources,
        not_resource=not_resource,
        conditions=_conditions(body.get("Condition", {})),
    )


def _one_of(
    body: Mapping[str, Any], name: str, *, required: bool
) -> tuple[tuple[str, ...] | None, bool]:
    """The values of an element or of its Not form, and whether it was the Not form."""
    negated = f"Not{name}"
    if name in body and negated in body:
        raise PolicyError("Syntax errors in policy.")
    if name not in body and negated not in body:
        if required:
            raise PolicyError(f"Missing required field {name}")
        return None, False
    present = name if name in body else negated
    values = _texts(body[present])
    if not values:
        raise PolicyError(f"Missing required field {present} cannot be empty!")
    return values, present == negated


def _principals(body: Mapping[str, Any]) -> tuple[Principals | None, bool]:
    if "Principal" in body and "NotPrincipal" in body:
        raise PolicyError("Syntax errors in policy.")
    negated = "NotPrincipal" in body
    value = body.get("NotPrincipal" if negated else "Principal")
    if value is None:
        return None, False
    if value == "*":
        return (("*", "*"),), negated
    if not isinstance(value, Mapping) or not value:
        raise PolicyError("Syntax errors in policy.")
    if set(value) - PRINCIPAL_KINDS:
        raise PolicyError("Syntax errors in policy.")
    return tuple((kind, text) for kind in value for text in _texts(value[kind])), negated


def _conditions(block: Any) -> tuple[Condition, ...]:
    if not isinstance(block, Mapping):
        raise PolicyError("Syntax errors in policy.")
    conditions = []
    for operator, keys in block.items():
        if not isinstance(keys, Mapping) or find_operator(operator) is None:
            raise PolicyError(f"Invalid Condition type : {operator}")
        lowered = [key.lower() for key in keys]
        if len(lowered) != len(set(lowered)):
            raise PolicyError("Syntax errors in policy.")
        for key, values in keys.items():
            if key.count(":") > 1 and not _TAG_KEY.fullmatch(key):
                raise PolicyError("Condition can contain only one colon")
            if ":" not in key:
                raise PolicyError(
                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
                )
            conditions.append(Condition(operator, key, _texts(values)))
    return tuple(conditions)


def _texts(value: Any) -> tuple[str, ...]:
    """One value or a list of values, each as text; numbers and booleans as JSON writes them."""
    return tuple(_text(item) for item in listed(value))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json.dumps(value)
    if isinstance(value, str):
        return value
    raise PolicyError("Syntax errors in policy.")
