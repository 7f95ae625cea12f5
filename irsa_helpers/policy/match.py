"""Matching actions, resources and principals against their patterns.

Source: IAM User Guide, "IAM JSON policy elements": Action, Resource, Principal.
"""

from __future__ import annotations

import re
from functools import lru_cache

from irsa_helpers.policy.variables import STAND_INS

# The entries of a Principal element: (kind, value); a bare "*" is ("*", "*").
Principals = tuple[tuple[str, str], ...]

_SIGNS = {"?": "."} | {s: re.escape(sign) for sign, s in STAND_INS.items()}


@lru_cache(maxsize=4096)
def glob(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """A pattern in which `*` stands for any run of characters and `?` for one.

    `ignore_case` is about the letters A to Z, of which the names of actions are made: to Unicode
    "ſ" is an "s" too.

    A sign that came out of a policy variable stands for itself. The part between two stars is
    matched where it comes first, and never tried again (an atomic group): if the text matches at
    all, it matches in this way too. So the time grows with the text's length, not with a power of
    it.
    """
    first, *rest = (_fixed(part) for part in re.split(r"\*+", pattern))
    between = "".join(f"(?>.*?{part})" for part in rest[:-1])
    translated = first + (f"{between}.*{rest[-1]}" if rest else "")
    return re.compile(translated, re.DOTALL | (re.IGNORECASE | re.ASCII if ignore_case else 0))


def _fixed(part: str) -> str:
    return "".join(_SIGNS.get(sign, re.escape(sign)) for sign in part)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits the pattern, case counted."""
    return glob(pattern).fullmatch(text) is not None


def action_matches(pattern: str, action: str) -> bool:
    """Whether an action fits; the case of actions does not count."""
    return glob(pattern, ignore_case=True).fullmatch(action) is not None


def arn_matches(pattern: str, arn: str) -> bool:
    """Whether an ARN fits part by part: a `*` crosses slashes, not the first five colons.

    Source: IAM User Guide, "Amazon Resource Name (ARN) condition operators".
    """
    if pattern == "*":
        return True
    parts, given = pattern.split(":", 5), arn.split(":", 5)
    if len(parts) != 6 or len(given) != 6:
        return False
    return all(matches(part, value) for part, value in zip(parts, given, strict=True))


def principal_matches(listed: Principals, principal: str) -> str | None:
    """How the caller is meant by a Principal element: the entry that names it, None if none does.

    `principal` is an ARN (a user, a role, an assumed-role session, an OIDC provider), or the name
    of a service such as `ec2.amazonaws.com`.
    """
    for kind, value in listed:
        if (kind, value) == ("*", "*") or _one_principal(kind, value, principal):
            return value
    return None


def _one_principal(kind: str, value: str, principal: str) -> bool:
    if kind == "Federated":
        return value == principal and not _is_session(principal)
    if kind == "Service":
        return value == principal
    if kind != "AWS" or ":oidc-provider/" in principal or not principal.startswith("arn:"):
        return False
    if value == "*":
        return True
    if names_whole_account(value, principal):
        return True
    return value in {principal, role_of_session(principal)}


def _is_session(principal: str) -> bool:
    return ":assumed-role/" in principal


def role_of_session(principal: str) -> str:
    """The role's ARN of an assumed-role session, without the path that a session ARN leaves out.

    `arn:aws:sts::111122223333:assumed-role/app/pod` gives `arn:aws:iam::111122223333:role/app`.
    """
    session = re.fullmatch(r"arn:([^:]+):sts::(\d+):assumed-role/([^/]+)/.+", principal)
    if not session:
        return principal
    partition, account, role = session.groups()
    return f"arn:{partition}:iam::{account}:role/{role}"


def names_whole_account(value: str, principal: str) -> bool:
    """Whether a Principal entry trusts the caller's account rather than the caller itself."""
    if not principal.startswith("arn:"):
        return False
    _, partition, _, _, account, *_ = principal.split(":")
    return value in {account, f"arn:{partition}:iam::{account}:root"}
