"""What is wrong with a trust policy is found by name, and a right one is left in peace."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers.trust import check_trust_policy

HOST = "oidc.eks.ap-northeast-2.amazonaws.com/id/"
ISSUER = f"{HOST}0123456789ABCDEF0123456789ABCDEF"
OTHER = f"{HOST}FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
PROVIDER_ARN = f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"
SUB = "system:serviceaccount:default:enginrect-sa"
AUD = "sts.amazonaws.com"
GOOD = {"StringEquals": {f"{ISSUER}:sub": SUB, f"{ISSUER}:aud": AUD}}


def policy(condition: dict[str, Any], **changes: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER_ARN},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }
    return {"Version": "2012-10-17", "Statement": [statement | changes]}


def equals(**claims: Any) -> dict[str, Any]:
    return {"StringEquals": {f"{ISSUER}:{claim}": value for claim, value in claims.items()}}


def found(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(f.name, f.severity) for f in check_trust_policy(document, PROVIDER_ARN)}


@pytest.mark.parametrize(
    "document",
    [
        policy(GOOD),
        policy(equals(sub=[SUB, "system:serviceaccount:shop:orders"], aud=AUD)),
        policy({"StringLike": GOOD["StringEquals"]}),
        policy(GOOD, Action=["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]),
        policy(GOOD, Action="sts:AssumeRole*"),
        policy({"ForAnyValue:StringEquals": GOOD["StringEquals"]}),
        policy(GOOD | {"Bool": {"aws:SecureTransport": "true"}}),
    ],
)
def test_a_right_policy_has_no_finding(document: dict[str, Any]) -> None:
    assert found(document) == set()


@pytest.mark.parametrize(
    ("document", "name", "severity"),
    [
        (policy(equals(aud=AUD)), "no-subject", "too-wide"),
        (policy(equals(sub=SUB)), "no-audience", "advice"),
        (policy(equals(sub=SUB, aud="sts.amazon.com")), "other-audience", "advice"),
        (policy(equals(sub=SUB, aud=SUB)), "subject-in-audience", "broken"),
        (policy(equals(sub=AUD, aud=AUD)), "subject-form", "broken"),
        (policy(equals(sub="default:enginrect-sa", aud=AUD)), "subject-form", "broken"),
        (
            policy(equals(sub="system:serviceaccount:default:*", aud=AUD)),
            "wildcard-under-equals",
            "broken",
        ),
        (
            policy(
                {"StringLike": {f"{ISSUER}:sub": "system:serviceaccount:*:*"}} | equals(aud=AUD)
            ),
            "wide-subject",
            "too-wide",
        ),
        (
            policy(
                {"StringLike": {f"{ISSUER}:sub": "system:serviceaccount:shop:*"}} | equals(aud=AUD)
            ),
            "wide-subject",
            "too-wide",
        ),
        (
            policy({"StringLike": {f"{ISSUER}:sub": "*"}} | equals(aud=AUD)),
            "wide-subject",
            "too-wide",
        ),
        (
            policy({"StringEqualsIfExists": {f"{ISSUER}:sub": SUB}} | equals(aud=AUD)),
            "loose-operator",
            "too-wide",
        ),
        (
            policy({"ForAllValues:StringEquals": {f"{ISSUER}:sub": SUB}} | equals(aud=AUD)),
            "loose-operator",
            "too-wide",
        ),
        (
            policy({"StringNotEquals": {f"{ISSUER}:sub": SUB}} | equals(aud=AUD)),
            "loose-operator",
            "too-wide",
        ),
        (
            policy({"StringEquals": {f"https://{ISSUER}:sub": SUB, f"{ISSUER}:aud": AUD}}),
            "url-in-key",
            "broken",
        ),
        (
            policy({"StringEquals": {f"{PROVIDER_ARN}:sub": SUB, f"{ISSUER}:aud": AUD}}),
            "arn-in-key",
            "broken",
        ),
        (
            policy({"StringEquals": {f"{OTHER}:sub": SUB, f"{ISSUER}:aud": AUD}}),
            "other-issuer-in-key",
            "broken",
        ),
        (policy(GOOD, Action="sts:AssumeRole"), "wrong-action", "broken"),
        (
            policy(GOOD, Principal={"Federated": PROVIDER_ARN.replace("1111", "4444", 1)}),
            "other-provider",
            "broken",
        ),
        (policy(GOOD, Principal={"Service": "ec2.amazonaws.com"}), "no-provider", "broken"),
        (policy(GOOD, Effect="Deny"), "no-provider", "broken"),
    ],
)
def test_a_flaw_is_found_and_no_other(document: dict[str, Any], name: str, severity: str) -> None:
    assert found(document) == {(name, severity)}


def test_a_rebuilt_clusters_old_policy_names_the_new_provider_as_the_fix() -> None:
    old = PROVIDER_ARN.replace(ISSUER, OTHER)
    condition = {"StringEquals": {f"{OTHER}:sub": SUB, f"{OTHER}:aud": AUD}}
    [finding] = check_trust_policy(policy(condition, Principal={"Federated": old}), PROVIDER_ARN)
    assert finding.name == "other-provider"
    assert "another issuer" in finding.message
    assert PROVIDER_ARN in finding.fix


def test_a_finding_is_data_and_text() -> None:
    [finding] = check_trust_policy(policy(equals(aud=AUD)), PROVIDER_ARN)
    assert finding.to_dict()["name"] == "no-subject"
    assert str(finding).startswith("too-wide: no condition on :sub")
    assert f'"{ISSUER}:sub"' in finding.fix
