"""The trust policy of step 2."""

from __future__ import annotations

import pytest

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.trust import build_trust_policy, check_trust_policy, subject

ISSUER = "oidc.eks.ap-northeast-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
PROVIDER_ARN = f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"


def test_it_names_the_service_account_and_the_audience() -> None:
    assert build_trust_policy(PROVIDER_ARN, "default", "enginrect-sa") == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": PROVIDER_ARN},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        f"{ISSUER}:sub": "system:serviceaccount:default:enginrect-sa",
                        f"{ISSUER}:aud": "sts.amazonaws.com",
                    }
                },
            }
        ],
    }


def test_it_has_no_flaw() -> None:
    policy = build_trust_policy(PROVIDER_ARN, "default", "enginrect-sa")
    assert check_trust_policy(policy, PROVIDER_ARN) == []


def test_another_audience_may_be_asked_for() -> None:
    policy = build_trust_policy(PROVIDER_ARN, "default", "app", audience="vault")
    assert policy["Statement"][0]["Condition"]["StringEquals"][f"{ISSUER}:aud"] == "vault"


@pytest.mark.parametrize("name", ["*", "enginrect-??"])
def test_a_wildcard_is_refused_where_it_would_never_match(name: str) -> None:
    with pytest.raises(IrsaLabError, match="takes literally"):
        build_trust_policy(PROVIDER_ARN, "default", name)


def test_another_arn_than_a_providers_is_refused() -> None:
    with pytest.raises(IrsaLabError, match="not the ARN of an IAM OIDC provider"):
        build_trust_policy("arn:aws:iam::111122223333:role/x", "default", "enginrect-sa")


def test_the_subject_is_the_sub_claim_of_a_token() -> None:
    assert subject("shop", "orders") == "system:serviceaccount:shop:orders"
