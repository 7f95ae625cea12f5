"""The linter of permission policies: what it finds, and what it leaves in peace."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers import roles
from irsa_helpers.audit import Call
from irsa_helpers.policy.permission_findings import check_permission_policy

BUCKET = "arn:aws:s3:::data"


def policy(action: Any, resource: Any, **other: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource} | other
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    ("document", "names"),
    [
        (policy("s3:*", f"{BUCKET}/*"), ["wide-action"]),
        (policy("*", "*"), ["wide-action", "wide-resource"]),
        (policy("s3:GetObject", "arn:aws:s3:::*"), ["wide-resource"]),
        (policy("s3:GetObject", BUCKET), ["bucket-for-objects"]),
        (policy("s3:ListBucket", f"{BUCKET}/*"), ["objects-for-bucket"]),
        (policy("iam:PassRole", "*"), ["escalation", "wide-resource"]),
        (policy("sts:AssumeRole", "*"), ["escalation", "wide-resource"]),
        (policy("s3:GetObject", f"{BUCKET}/*", NotAction="iam:*"), ["negated"]),
        (policy("s3:GetObject", f"{BUCKET}/*"), []),
        (policy(["s3:GetObject", "s3:PutObject"], [f"{BUCKET}/a/*"]), []),
        (roles.build_bucket_read_policy("data"), []),
        (policy("s3:*", "*", Effect="Deny"), []),
    ],
)
def test_flaws_are_named(document: dict[str, Any], names: list[str]) -> None:
    assert [finding.name for finding in check_permission_policy(document)] == names


def test_a_single_statement_need_not_be_a_list() -> None:
    [statement] = policy("s3:*", f"{BUCKET}/*")["Statement"]
    [finding] = check_permission_policy({"Statement": statement})
    assert finding.name == "wide-action"


def test_what_nobody_called_is_advice() -> None:
    used = [Call("s3:GetObject", f"{BUCKET}/k", True, "x")]
    document = policy(["s3:GetObject", "s3:PutObject"], f"{BUCKET}/*")
    [finding] = check_permission_policy(document, used=used)
    assert (finding.name, finding.severity) == ("unused", "advice")
    assert "s3:PutObject" in finding.message
