"""A policy that IAM would not take is refused, with IAM's code and message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from irsa_helpers.policy import (
    PolicyError,
    parse_policy,
    validate_identity_policy,
    validate_trust_policy,
)
from tests.policy.cases import ISSUER, OBJECT, PROVIDER, SUB, allow, policy, trust

GOOD = allow("s3:GetObject", OBJECT)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "This policy contains invalid Json"),
        ("[]", "Syntax errors in policy."),
        ({}, "Syntax errors in policy."),
        (policy(), "Syntax errors in policy."),
        (policy(GOOD) | {"Extra": 1}, "Syntax errors in policy."),
        (policy(GOOD | {"Extra": 1}), "Syntax errors in policy."),
        (policy(GOOD, version="2020-01-01"), "The policy must contain a valid version string"),
        (policy(without("Effect")), "Missing required field Effect"),
        (policy(GOOD | {"Effect": "allow"}), "Invalid effect: allow"),
        (policy(without("Action")), "Missing required field Action"),
        (policy(GOOD | {"Action": []}), "Missing required field Action cannot be empty!"),
        (policy(GOOD | {"NotAction": "s3:*"}), "Syntax errors in policy."),
        *(
            (
                policy(without("Action") | {element: ["s3:GetObject", action]}),
                "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.",
            )
            for element in ("Action", "NotAction")
            for action in ("*:GetObject", "s?:GetObject", "s3*:*")
        ),
        (
            policy(GOOD | {"Action": "GetObject"}),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            policy(GOOD | {"Condition": {"StringEqual": {"aws:SourceIp": "x"}}}),
            "Invalid Condition type : StringEqual",
        ),
        (
            policy(GOOD | {"Condition": {"StringEquals": {f"https://{ISSUER}:sub": "x"}}}),
            "Condition can contain only one colon",
        ),
        (
            policy(GOOD | {"Condition": {"StringEquals": {"aws:A": "x", "aws:a": "y"}}}),
            "Syntax errors in policy.",
        ),
        *(
            (policy(GOOD | change), "Syntax errors in policy.")
            for change in (
                {"NotResource": OBJECT},
                {"Principal": "*", "NotPrincipal": "*"},
                {"Principal": "everyone"},
                {"Principal": {}},
                {"Principal": {"Account": "111122223333"}},
                {"Principal": {"AWS": {"Account": "111122223333"}}},
                {"Condition": ["StringEquals"]},
                {"Action": None},
                {"Resource": {"Ref": "bucket"}},
            )
        ),
        *(
            (
                policy(GOOD | change),
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            )
            for change in (
                {"Action": ":GetObject"},
                {"Action": "s3:Get:Object"},
                {"Condition": {"StringEquals": {"sub": "x"}}},
            )
        ),
        (
            policy(GOOD | {"Condition": {"StringEquals": ["aws:SourceIp"]}}),
            "Invalid Condition type : StringEquals",
        ),
        (policy(GOOD | {"Resource": []}), "Missing required field Resource cannot be empty!"),
        ({"Statement": ["Allow"]}, "Syntax errors in policy."),
        ({"Statement": "Allow"}, "Syntax errors in policy."),
        ({"Statement": 1}, "Syntax errors in policy."),
        (
            policy(GOOD | {"Sid": "one"}, GOOD | {"Sid": "one"}),
            "Statement IDs (SID) in a single policy must be unique.",
        ),
    ],
    ids=str,
)
def test_a_malformed_policy_is_refused(document: Any, message: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parse_policy(document)
    assert refused.value.message == message
    assert (refused.value.code, refused.value.http_status) == ("MalformedPolicyDocument", 400)


def test_a_member_given_twice_is_refused() -> None:
    statement = json.dumps(GOOD)
    text = f'{{"Version": "2012-10-17", "Statement": {statement}, "Statement": {statement}}}'
    with pytest.raises(PolicyError, match="invalid Json"):
        parse_policy(text)


def test_what_is_left_out_has_its_default() -> None:
    parsed = parse_policy({"Id": "mine", "Statement": without("Resource")})
    assert parsed.version == "2008-10-17"
    [statement] = parsed.statements
    assert (statement.principals, statement.resources, statement.conditions) == (None, None, ())
    assert (statement.not_principal, statement.not_action, statement.not_resource) == (False,) * 3


def test_a_statement_is_found_by_its_sid_or_its_place() -> None:
    parsed = parse_policy(policy(GOOD, GOOD | {"Sid": "Read"}, GOOD))
    labels = [each.label for each in parsed.statements]
    assert labels == ["statement 1", "Read", "statement 3"]


def test_the_not_forms_are_lists_of_exceptions() -> None:
    body = {"Effect": "Deny", "NotAction": "s3:*", "NotResource": "*"}
    everybody, [statement] = {"NotPrincipal": "*"}, parse_policy(policy(body)).statements
    assert (statement.not_action, statement.not_resource) == (True, True)
    assert (statement.actions, statement.resources) == (("s3:*",), ("*",))
    [statement] = parse_policy(policy(GOOD | everybody)).statements
    assert (statement.principals, statement.not_principal) == ((("*", "*"),), True)
    named = {"NotPrincipal": {"AWS": ["a", "b"], "Service": "c"}}
    [statement] = parse_policy(policy(GOOD | named)).statements
    assert statement.principals == (("AWS", "a"), ("AWS", "b"), ("Service", "c"))
    assert statement.not_principal


def test_values_are_read_as_json_writes_them() -> None:
    values = [True, False, 1, 1.5, "x"]
    block = {"StringEquals": {"aws:ResourceTag/aws:cloudformation:stack-name": values}}
    [statement] = parse_policy(policy(GOOD | {"Condition": block})).statements
    [condition] = statement.conditions
    assert condition.values == ("true", "false", "1", "1.5", "x")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (trust(None, Resource="*"), "Has prohibited field Resource"),
        (policy(without("Resource")), "Missing required field Principal"),
        (
            trust(None, Principal={"Federated": "https://" + ISSUER}),
            f'Invalid principal in policy: "FEDERATED":"https://{ISSUER}"',
        ),
        (
            trust(None, Principal={"AWS": "enginrect"}),
            'Invalid principal in policy: "AWS":"enginrect"',
        ),
        (
            trust(None, Principal={"Service": ["ec2.amazonaws.com", "ec2"]}),
            'Invalid principal in policy: "SERVICE":"ec2"',
        ),
        (
            policy(without("Resource") | {"NotPrincipal": "*", "Action": "sts:AssumeRole"}),
            "AssumeRole policy may only specify Principal, not NotPrincipal",
        ),
        (
            trust(None, Action=["sts:AssumeRole", "sts:GetCallerIdentity"]),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            trust(None, Action="s3:GetObject"),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
    ],
    ids=str,
)
def test_a_trust_policy_has_rules_of_its_own(document: Any, message: str) -> None:
    with pytest.raises(PolicyError) as refused:
        validate_trust_policy(document)
    assert refused.value.message == message


def test_the_quota_of_a_trust_policy_leaves_white_space_out() -> None:
    long = trust({"StringEquals": {f"{ISSUER}:sub": [f"{SUB}-{n}" for n in range(40)]}})
    with pytest.raises(PolicyError) as refused:
        validate_trust_policy(long)
    assert (refused.value.code, refused.value.http_status) == ("LimitExceeded", 409)
    assert refused.value.message == "Cannot exceed quota for ACLSizePerRole: 2048"
    spaced = json.dumps(trust({"StringEquals": {f"{ISSUER}:sub": SUB}}), indent=60)
    assert len(spaced) > 2048
    validate_trust_policy(spaced)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (trust(None), "Policy document should not specify a principal."),
        (policy(without("Resource")), "Policy statement must contain resources."),
        (
            policy(GOOD | {"Resource": "enginrect-data"}),
            'Resource enginrect-data must be in ARN format or "*".',
        ),
        (
            policy(GOOD | {"Resource": ["*", "arn:aws:s3"]}),
            'Resource arn:aws:s3 must be in ARN format or "*".',
        ),
        (
            policy(GOOD | {"Resource": "urn:aws:s3:::enginrect-data"}),
            'Resource urn:aws:s3:::enginrect-data must be in ARN format or "*".',
        ),
    ],
    ids=str,
)
def test_an_identity_policy_has_rules_of_its_own(document: Any, message: str) -> None:
    with pytest.raises(PolicyError) as refused:
        validate_identity_policy(document)
    assert refused.value.message == message


@pytest.mark.parametrize("more", [0, 1])
def test_an_identity_policy_may_fill_its_quota(more: int) -> None:
    empty = json.dumps(policy(GOOD | {"Sid": ""}), separators=(",", ":"))
    document = policy(GOOD | {"Sid": "x" * (10_240 - len(empty) + more)})
    if not more:
        assert validate_identity_policy(document)
        return
    with pytest.raises(PolicyError, match="Maximum policy size of 10240 bytes exceeded for role"):
        validate_identity_policy(document)


@pytest.mark.parametrize(
    "principal",
    [
        *({"AWS": each} for each in ("*", "111122223333", "AROAEXAMPLEEXAMPLE")),
        *({"AWS": f"arn:aws:iam::111122223333:{each}"} for each in ("root", "user/a", "role/a")),
        {"AWS": "arn:aws-cn:sts::111122223333:assumed-role/a/b"},
        {"Service": "ec2.amazonaws.com.cn"},
        {"Federated": ["accounts.google.com", "graph.facebook.com", "www.amazon.com"]},
        {"Federated": "cognito-identity.amazonaws.com"},
        {"Federated": "arn:aws:iam::111122223333:saml-provider/a"},
    ],
)
def test_a_trust_policy_may_name_these(principal: dict[str, Any]) -> None:
    every = ["AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "TagSession"]
    every += ["SetSourceIdentity", "SetContext", "*"]
    listed = {"Action": ["*", "STS:assumerole", *(f"sts:{each}" for each in every)]}
    for actions in (listed, {"NotAction": "s3:*"}):
        assert validate_trust_policy(policy({"Effect": "Allow", "Principal": principal} | actions))


def test_good_policies_pass() -> None:
    validate_identity_policy(policy(GOOD))
    validate_trust_policy(trust({"StringEquals": {f"{ISSUER}:sub": SUB}}))
    assert parse_policy(policy(GOOD)).statements[0].actions == ("s3:GetObject",)
    assert PROVIDER.endswith(ISSUER)
