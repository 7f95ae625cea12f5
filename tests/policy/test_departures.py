"""Where the independent simulator departs from AWS's documents, we follow these."""

from __future__ import annotations

import pytest

from irsa_helpers.policy import PolicyError, Request, evaluate, validate_trust_policy
from tests.policy.cases import (
    BUCKET,
    OBJECT,
    PROVIDER,
    ROLE,
    SESSION,
    USER,
    allow,
    policy,
    trust,
)


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_variables_are_plain_text_before_2012(version: str | None) -> None:
    document = policy(allow(resource=BUCKET + "/${aws:PrincipalTag/team}/*"))
    if version:
        document["Version"] = version
    else:
        del document["Version"]
    context = {"aws:PrincipalTag/team": "red"}
    asked = Request(SESSION, "s3:GetObject", f"{BUCKET}/red/x", context)
    assert not evaluate(asked, identity_policies=[document]).allowed


def test_null_has_no_if_exists() -> None:
    with pytest.raises(PolicyError, match="Invalid Condition type : NullIfExists"):
        validate_trust_policy(trust({"NullIfExists": {"aws:SourceIp": "true"}}))


def test_a_provider_is_no_aws_principal() -> None:
    with pytest.raises(PolicyError, match="Invalid principal in policy"):
        validate_trust_policy(trust(None, Principal={"AWS": PROVIDER}))


def test_a_grant_to_a_session_is_not_limited_by_its_session_policy() -> None:
    bucket_policy = policy(allow(resource=f"{BUCKET}/*", Principal={"AWS": SESSION}))
    decision = evaluate(
        Request(SESSION, "s3:GetObject", OBJECT, {}),
        resource_policy=bucket_policy,
        session_policy=policy(allow("dynamodb:*")),
    )
    assert decision.allowed


@pytest.mark.parametrize(
    ("operator", "wanted", "values"),
    [
        ("StringNotEquals", "a", ["a", "b"]),
        ("StringNotEquals", ["a", "b"], ["a", "b"]),
        ("StringNotEqualsIfExists", "a", ["a", "a"]),
        ("StringNotEqualsIgnoreCase", "a", ["A", "b"]),
        ("StringNotLike", "*", ["a", "b"]),
        ("ArnNotEquals", ROLE, [ROLE, USER]),
        ("ArnNotLike", ROLE, [ROLE, USER]),
        ("NotIpAddress", "10.0.0.0/8", ["10.0.0.1", "10.0.0.2"]),
        ("NumericNotEquals", "1", ["1", "1"]),
        ("DateNotEquals", "0", ["0", "0"]),
        ("StringNotEquals", "a", []),
    ],
)
def test_several_values_are_never_the_one_that_is_meant(
    operator: str, wanted: str | list[str], values: list[str]
) -> None:
    """An operator for one value does not hold of several; so its negation does."""
    plain = operator.replace("Not", "")
    for name, effect in ((operator, "Allowed"), (plain, "ImplicitlyDenied")):
        document = policy(allow(Condition={name: {"aws:TagKeys": wanted}}))
        asked = Request(SESSION, "s3:GetObject", OBJECT, {"aws:TagKeys": values})
        assert evaluate(asked, identity_policies=[document]).effect == effect


def test_a_list_of_one_value_is_that_value() -> None:
    for operator, effect in (("StringEquals", "Allowed"), ("StringNotEquals", "ImplicitlyDenied")):
        document = policy(allow(Condition={operator: {"aws:TagKeys": "a"}}))
        asked = Request(SESSION, "s3:GetObject", OBJECT, {"aws:TagKeys": ["a"]})
        assert evaluate(asked, identity_policies=[document]).effect == effect


@pytest.mark.parametrize(
    ("wanted", "actual", "effect"),
    [
        ("QmluYXJ5", "QmluYXJ5", "Allowed"),
        ("QmluYXJ5", "b3RoZXI=", "ImplicitlyDenied"),
        ("not base64", "not base64", "ImplicitlyDenied"),
        ("QmluYXJ5", "한글", "ImplicitlyDenied"),
    ],
)
def test_bytes_are_compared_once_they_are_read(wanted: str, actual: str, effect: str) -> None:
    document = policy(allow(Condition={"BinaryEquals": {"aws:userid": wanted}}))
    asked = Request(SESSION, "s3:GetObject", OBJECT, {"aws:userid": actual})
    assert evaluate(asked, identity_policies=[document]).effect == effect
