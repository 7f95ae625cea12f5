"""Any trust policy can be read as rules."""

from __future__ import annotations

import json

from irsa_helpers.trust import build_trust_policy, describe_trust_policy

ISSUER = "oidc.eks.ap-northeast-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
PROVIDER_ARN = f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"


def test_a_rule_says_who_gets_in() -> None:
    [rule] = describe_trust_policy(build_trust_policy(PROVIDER_ARN, "default", "enginrect-sa"))
    assert rule.effect == "Allow"
    assert rule.actions == ("sts:AssumeRoleWithWebIdentity",)
    assert rule.providers == (PROVIDER_ARN,)
    assert rule.issuers == (ISSUER,)
    assert rule.service_accounts == (("default", "enginrect-sa"),)
    assert rule.audiences == ("sts.amazonaws.com",)


def test_a_rule_prints_as_a_sentence_in_lines() -> None:
    [rule] = describe_trust_policy(build_trust_policy(PROVIDER_ARN, "default", "enginrect-sa"))
    assert str(rule).splitlines() == [
        "Allow sts:AssumeRoleWithWebIdentity",
        f"  to Federated {PROVIDER_ARN}",
        f"  if StringEquals {ISSUER}:sub = system:serviceaccount:default:enginrect-sa",
        f"  if StringEquals {ISSUER}:aud = sts.amazonaws.com",
    ]


def test_json_text_and_a_single_statement_are_read_too() -> None:
    policy = {
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": ["ec2.amazonaws.com", "ecs.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    }
    [rule] = describe_trust_policy(json.dumps(policy))
    assert rule.principals == ("Service ec2.amazonaws.com", "Service ecs.amazonaws.com")
    assert rule.providers == ()
    assert rule.service_accounts == ()


def test_patterns_and_alternatives_are_all_listed() -> None:
    like = {f"{ISSUER}:SUB": ["system:serviceaccount:*:reader", "system:serviceaccount:shop:*"]}
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER_ARN},
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        "Condition": {"StringLike": like, "Bool": {"aws:SecureTransport": True}},
    }
    [rule] = describe_trust_policy({"Version": "2012-10-17", "Statement": [statement]})
    assert rule.service_accounts == (("*", "reader"), ("shop", "*"))
    assert rule.on("sub")[0].operator == "StringLike"
    assert rule.on("securetransport")[0].issuer == "aws"


def test_a_star_and_negated_elements_are_shown_as_what_they_are() -> None:
    rules = describe_trust_policy(
        {
            "Statement": [
                {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
                {
                    "Effect": "Deny",
                    "NotPrincipal": {"AWS": "111122223333"},
                    "NotAction": "sts:Get*",
                },
            ]
        }
    )
    assert rules[0].principals == ("*",)
    assert rules[1].principals == ("not AWS 111122223333",)
    assert rules[1].actions == ("not sts:Get*",)
