"""Where the independent simulator departs from AWS's documents, we follow these."""

from __future__ import annotations

import pytest

from irsa_helpers.policy import PolicyError, Request, evaluate, validate_trust_policy
from tests.policy.cases import BUCKET, OBJECT, PROVIDER, SESSION, allow, policy, trust


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
