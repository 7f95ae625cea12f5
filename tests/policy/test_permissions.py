"""Permission policies whose actions and resources do not fit together."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers.policy import permissions as policies
from irsa_helpers.policy.lists import statements
from irsa_helpers.roles import build_bucket_read_policy

BUCKET = "arn:aws:s3:::enginrect-data"


def allow(action: Any, resource: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


@pytest.mark.parametrize(
    "documents",
    [
        [build_bucket_read_policy("enginrect-data")],
        [allow(["s3:GetObject", "s3:ListBucket"], [BUCKET, f"{BUCKET}/*"])],
        [allow("s3:GetObject", BUCKET), allow("s3:GetObject", f"{BUCKET}/*")],
        [allow("s3:*", "*")],
        [allow("s3:GetObject", "arn:aws:s3:::enginrect-*")],
        [allow("dynamodb:GetItem", "arn:aws:dynamodb:ap-northeast-2:111122223333:table/t")],
        [{"Statement": {"Effect": "Deny", "Action": "s3:GetObject", "Resource": BUCKET}}],
        [],
    ],
)
def test_what_fits_is_left_in_peace(documents: list[dict[str, Any]]) -> None:
    assert list(policies.mismatched(documents)) == []


def test_reading_objects_of_a_bare_bucket_is_told() -> None:
    [text] = policies.mismatched([allow("s3:GetObject", BUCKET)])
    assert text == f"s3:GetObject is allowed on {BUCKET}, but acts on objects: add /*"


def test_listing_the_objects_of_a_bucket_is_told() -> None:
    [text] = policies.mismatched([allow(["s3:ListBucket", "s3:GetObject"], f"{BUCKET}/*")])
    assert text.startswith("s3:ListBucket is allowed on")


def test_buckets_named_whole_are_found_and_patterns_are_not() -> None:
    documents = [
        build_bucket_read_policy("enginrect-data"),
        allow("s3:GetObject", ["arn:aws:s3:::other/reports/*", "arn:aws:s3:::team-*/x", "*"]),
    ]
    assert policies.buckets(documents) == ["enginrect-data", "other"]


def test_uses_stand_for_what_the_app_would_do() -> None:
    documents = [build_bucket_read_policy("enginrect-data"), allow("s3:*", "*")]
    assert list(policies.uses(documents)) == [
        policies.Use("s3:ListBucket", BUCKET),
        policies.Use("s3:GetObject", f"{BUCKET}/any"),
    ]


def test_a_use_knows_its_bucket_or_secret() -> None:
    secret = "arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:x-AbCdEf"
    assert policies.Use("s3:GetObject", f"{BUCKET}/any").is_on("enginrect-data")
    assert not policies.Use("s3:GetObject", f"{BUCKET}-2/any").is_on("enginrect-data")
    assert policies.Use("secretsmanager:GetSecretValue", secret).is_on(secret)


def test_a_denial_is_lifted_for_the_role_alone_and_the_others_stay() -> None:
    role = "arn:aws:iam::111122223333:role/app"
    hit = {"Sid": "Hit", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    network = {**hit, "Sid": "Net", "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
    kept = policies.excepting({"Statement": [hit, network]}, role, {"Hit"})["Statement"]
    assert kept == [{**hit, "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [role]}}}, network]
    assert policies.without({"Statement": [hit, network]}, {"Hit"}) == {"Statement": [network]}


def test_resources_are_mended_where_they_are_allowed_on_and_denials_stay() -> None:
    wrong = allow("s3:GetObject", BUCKET)
    [statement] = statements(wrong)
    deny = {**statement, "Effect": "Deny"}
    both = {**wrong, "Statement": [statement, deny]}
    mended = policies.with_fitting_resources(both, {})
    assert mended["Statement"] == [{**statement, "Resource": [f"{BUCKET}/*"]}, deny]
    renamed = policies.with_fitting_resources(wrong, {"enginrect-data": "other"})
    assert renamed["Statement"] == [{**statement, "Resource": ["arn:aws:s3:::other/*"]}]


def test_all_actions_of_a_service_are_told_where_they_are_allowed() -> None:
    document = {
        "Statement": [
            {"Effect": "Allow", "Action": ["*", "s3:*", "s3:Get*"], "Resource": [BUCKET, "b"]},
            {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"},
            {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"},
        ]
    }
    assert list(policies.whole_services(document)) == [
        f"* is allowed on {BUCKET}, b",
        f"s3:* is allowed on {BUCKET}, b",
        "all but iam:*, sts:* is allowed on *",
    ]


def test_the_secrets_that_are_named_whole_are_found() -> None:
    secret = "arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:db-AbCdEf"
    assert policies.secrets([allow("*", [BUCKET, secret])]) == [secret]
