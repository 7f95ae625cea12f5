"""What an over-broad fix leaves open is found, and what is exact is left in peace."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers.labs.openings import (
    admitted_audiences,
    admitted_principals,
    admitted_strangers,
    allowed,
    let_into_bucket,
    more_than_reading,
    only_allowing,
    opens,
)
from irsa_helpers.policy.admission import TokenFacts

ISSUER = "oidc.eks.ap-northeast-2.amazonaws.com/id/EXAMPLE"
PROVIDER = f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"
OWN = "system:serviceaccount:lab-01:app-sa"
TOKEN = TokenFacts(PROVIDER, f"https://{ISSUER}", OWN, "sts.amazonaws.com")
ROLE = "arn:aws:iam::111122223333:role/lab-01-app-role"
BUCKET = "arn:aws:s3:::data"
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
SUB, AUD = f"{ISSUER}:sub", {f"{ISSUER}:aud": "sts.amazonaws.com"}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trusting(**condition: dict[str, Any]) -> dict[str, Any]:
    """A statement for the cluster's provider, under those operators (`_` stands for `:`)."""
    blocks = {operator.replace("_", ":"): block for operator, block in condition.items()}
    return {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": PROVIDER},
        "Condition": blocks,
    }


def like(pattern: str) -> dict[str, Any]:
    return trusting(StringLike={SUB: pattern}, StringEquals=AUD)


EXACT = trusting(StringEquals={SUB: OWN, **AUD})


@pytest.mark.parametrize(
    "statement",
    [
        like("system:serviceaccount:*:*"),
        like("system:serviceaccount:lab-01:*"),
        like("system:serviceaccount:lab-01:app*"),
        like("system:serviceaccount:lab-01:app-s?"),
        like("system:serviceaccount:lab-01:a*sa"),
        like("system:serviceaccount:lab-0?:app-sa"),
        like("*lab-01:app-sa"),
        like("*"),
        like("system:serviceaccount:team-*:worker"),
        trusting(StringEquals=AUD),
        trusting(StringEquals={SUB: [OWN, "system:serviceaccount:lab-01:worker"], **AUD}),
        trusting(StringNotEquals={SUB: "system:serviceaccount:default:default"}),
        trusting(ForAllValues_StringLike={SUB: "system:*"}),
        trusting(StringLikeIfExists={SUB: f"{OWN}*"}),
        trusting(StringEquals={"sts:RoleSessionName": "the-real-app", **AUD}),
        trusting(IpAddress={"aws:SourceIp": "10.0.0.0/8"}, StringEquals=AUD),
        {**trusting(StringEquals=AUD), "Principal": "*"},
    ],
    ids=lambda statement: str(statement["Condition"])[:70],
)
def test_a_stranger_gets_in(statement: dict[str, Any]) -> None:
    """Alone, and beside the exact statement that hides it from a quick look."""
    for document in (policy(statement), policy(EXACT, statement)):
        found = admitted_strangers(document, ROLE, TOKEN)
        assert found
        assert OWN not in found


@pytest.mark.parametrize(
    "document",
    [
        policy(EXACT),
        policy(EXACT, EXACT),
        policy(like(OWN)),
        policy(trusting(StringEquals={SUB: [OWN, OWN], **AUD})),
        policy(trusting(StringEqualsIgnoreCase={SUB: OWN.upper(), **AUD})),
        policy(trusting(ForAnyValue_StringEquals={SUB: OWN}, StringEquals=AUD)),
        policy(trusting(StringEquals={SUB: OWN, **AUD}, StringLike={SUB: "system:*"})),
        policy(
            like("system:serviceaccount:*:*"),
            {**trusting(StringNotEquals={SUB: OWN}), "Effect": "Deny"},
        ),
    ],
    ids=lambda document: str([each["Condition"] for each in document["Statement"]])[-70:],
)
def test_nobody_else_gets_in_by_what_is_exact(document: dict[str, Any]) -> None:
    assert admitted_strangers(document, ROLE, TOKEN) == []


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {SUB: OWN}},
        {"StringEquals": {SUB: OWN, f"{ISSUER}:aud": ["sts.amazonaws.com", "vault.example.com"]}},
        {"StringEquals": {SUB: OWN}, "StringLike": {f"{ISSUER}:aud": "*.amazonaws.com"}},
        {"StringEquals": {SUB: OWN}, "StringLike": {f"{ISSUER}:aud": "sts*"}},
        {"StringEquals": {SUB: OWN, "sts:RoleSessionName": "the-real-app"}},
        {"StringEquals": {SUB: OWN}, "Null": {f"{ISSUER}:aud": "false"}},
    ],
)
def test_a_token_for_another_audience_gets_in(condition: dict[str, Any]) -> None:
    found = admitted_audiences(policy(EXACT, trusting(**condition)), ROLE, TOKEN)
    assert found
    assert "sts.amazonaws.com" not in found


def test_no_other_audience_gets_in_by_what_is_exact() -> None:
    alike = trusting(StringLike={SUB: OWN, f"{ISSUER}:aud": "sts.amazonaws.com"})
    assert admitted_audiences(policy(EXACT, alike), ROLE, TOKEN) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Action": "s3:*"}, "s3:*"),
        ({"Action": "s3:Get*"}, "s3:Get*"),
        ({"Action": ["s3:GetObject", "s3:PutObjectAcl"]}, "s3:PutObjectAcl"),
        ({"Resource": "*"}, "on *"),
        ({"Resource": "arn:aws:s3:::*/hello.txt"}, "*/hello.txt"),
        ({"Resource": f"{BUCKET}*"}, f"{BUCKET}*"),
        ({"Resource": "arn:aws:*"}, "arn:aws:*"),
        ({"Resource": "arn:aws:dynamodb:::data/x"}, "dynamodb"),
        ({"Action": "s3:GetObj*", "Resource": f"{BUCKET}/*"}, "s3:GetObj*"),
        ({"Resource": f"{BUCKET}-of-others/*"}, "-of-others"),
        ({"Action": "sts:AssumeRole", "Resource": ROLE}, "sts:AssumeRole"),
        ({"Action": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, "allows *"),
    ],
)
def test_more_than_reading_is_told(change: dict[str, Any], said: str) -> None:
    [found] = more_than_reading([policy(READ, {**READ, **change})], "data")
    assert said in found


def test_reading_is_no_more_than_reading() -> None:
    documents = [
        policy(READ, {**READ, "Action": ["s3:ListBucket", "s3:GetBucketLocation"]}),
        policy({**READ, "Action": "S3:getobject", "Resource": f"{BUCKET}/hello.txt"}),
        policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}),
        policy({**READ, "Action": "s3:GetObject*"}, {**READ, "Action": "s3:List*"}),
        policy({**READ, "Resource": "arn:*:s3:::data/*"}),
        policy({**READ, "Action": "sts:GetCallerIdentity", "Resource": "*"}),
    ]
    assert list(more_than_reading(documents, "data")) == []
    negated = {"Effect": "Allow", "NotAction": "iam:*", "Resource": BUCKET}
    assert list(more_than_reading([policy(negated)], "data")) == [
        "it allows all that NotAction does not name"
    ]


def test_a_buckets_policy_may_let_in_the_role_alone() -> None:
    own = {**READ, "Principal": {"AWS": ROLE}}
    assert list(let_into_bucket(policy(own), ROLE, "data")) == []
    denying = {**own, "Effect": "Deny", "Principal": "*"}
    assert list(let_into_bucket(policy(denying), ROLE, "data")) == []
    for principal in ("*", {"AWS": "*"}, {"AWS": [ROLE, "arn:aws:iam::111122223333:root"]}):
        [found] = let_into_bucket(policy({**own, "Principal": principal}), ROLE, "data")
        assert "lets in" in found
        assert ROLE not in found
    for asked, lets_in in ((ROLE, False), (f"{ROLE}*", True), ([ROLE, f"{ROLE}-2"], True)):
        by_condition = {"ArnLike": {"aws:PrincipalArn": asked}}
        limited = {**own, "Principal": "*", "Condition": by_condition}
        assert bool(list(let_into_bucket(policy(limited), ROLE, "data"))) is lets_in
    [wide] = let_into_bucket(policy({**own, "Action": "s3:*"}), ROLE, "data")
    assert "s3:*" in wide


def test_only_what_is_allowed_is_kept() -> None:
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    assert only_allowing(policy(deny)) is None
    conditional = {**READ, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    kept = only_allowing(policy(deny, conditional))
    assert kept == policy({**READ, "Condition": {}})
    assert allowed([policy(READ, deny)]) == {("s3:GetObject", f"{BUCKET}/*")}


OTHERS = ("arn:aws:iam::111122223333:user/somebody", "arn:aws:iam::777788889999:role/app")


@pytest.mark.parametrize(
    ("statement", "others"),
    [
        ({"Principal": {"AWS": ROLE}}, []),
        (
            {
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Condition": {"ArnEquals": {"aws:PrincipalArn": ROLE}},
            },
            [],
        ),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}, [OTHERS[0]]),
        ({"Principal": "*", "Condition": {"StringEquals": {"sts:ExternalId": "x"}}}, [*OTHERS]),
        ({"Principal": {"AWS": [ROLE, "arn:aws:iam::111122223333:role/x"]}}, ["role/x"]),
        ({"Principal": {"AWS": ROLE, "Service": "ec2.amazonaws.com"}}, ["ec2.amazonaws.com"]),
    ],
)
def test_whom_a_role_of_another_account_admits(
    statement: dict[str, Any], others: list[str]
) -> None:
    document = policy({"Effect": "Allow", "Action": "sts:AssumeRole", **statement})
    found = admitted_principals(document, "arn:aws:iam::444455556666:role/data", (ROLE, *OTHERS))
    assert found[0] == ROLE
    assert len(found) == 1 + len(others)
    assert all(end in who for end, who in zip(others, found[1:], strict=True))


KEY = "arn:aws:kms:ap-northeast-2:111122223333:key/1"
ROOT = "arn:aws:iam::111122223333:root"
MAY_DECRYPT = policy({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY})


def of_key(principal: str, **members: Any) -> dict[str, Any]:
    """A statement of a key's policy for that principal."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*"}
    return statement | {"Resource": "*"} | members


@pytest.mark.parametrize(
    ("said", "documents", "expected"),
    [
        ([of_key(ROLE)], [], True),
        ([of_key(ROOT)], [MAY_DECRYPT], True),
        ([of_key(ROOT)], [], False),
        ([of_key(f"{ROLE}-2")], [MAY_DECRYPT], False),
        ([of_key(ROLE, Condition={"StringEquals": {"kms:ViaService": "s3"}})], [], True),
        ([of_key("*", Condition={"ArnEquals": {"aws:PrincipalArn": f"{ROLE}-2"}})], [], False),
        ([of_key("*", Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}})], [], True),
        ([of_key(ROLE), of_key(ROLE, Effect="Deny")], [], False),
        ([of_key(ROLE, Effect="Deny", Condition={"Null": {"a:b": "true"}})], [MAY_DECRYPT], False),
    ],
)
def test_a_key_opens_by_what_its_policy_and_the_callers_say_together(
    said: list[dict[str, Any]], documents: list[dict[str, Any]], expected: bool
) -> None:
    assert opens(policy(*said), ROLE, "kms:Decrypt", KEY, documents) is expected
