"""Odd input is the caller's fault, said in the service's own words, and its answer can be read."""

from __future__ import annotations

import logging
import xml.etree.ElementTree as ElementTree
from typing import Any

import httpx
import pytest
from aws_endpoint import Endpoint
from botocore.exceptions import ClientError


def test_a_list_of_thousands_is_not_read(endpoint: Endpoint) -> None:
    tags = [{"Key": f"k{index}", "Value": "v"} for index in range(1_500)]
    with pytest.raises(ClientError) as caught:
        endpoint.client("iam").tag_role(RoleName="r", Tags=tags)
    assert caught.value.response["Error"]["Code"] == "MalformedInput"


def test_a_policy_of_a_megabyte_is_not_read(endpoint: Endpoint) -> None:
    with pytest.raises(ClientError) as caught:
        endpoint.client("iam").create_policy(PolicyName="p", PolicyDocument="a" * 2**20)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_an_answer_that_echoes_a_null_character_can_be_read(endpoint: Endpoint) -> None:
    s3, bodies = endpoint.client("s3"), []
    s3.create_bucket(
        Bucket="odd-inputs",
        CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"},
    )
    s3.put_object(Bucket="odd-inputs", Key="k", Body=b"v")
    s3.meta.events.register(
        "before-parse.s3", lambda response_dict, **_: bodies.append(response_dict)
    )
    with pytest.raises(ClientError):
        s3.put_object_tagging(Bucket="odd-inputs", Key="k", VersionId="\0", Tagging={"TagSet": []})
    ElementTree.fromstring(bodies[-1]["body"].decode())


def test_an_input_that_moto_stumbles_over_is_a_validation_error(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "irsa-lab")
    table: dict[str, Any] = {
        "TableName": "odd-inputs",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    }
    dynamodb = endpoint.client("dynamodb")
    dynamodb.create_table(**table)
    for expression in ("(" * 1_000 + "a = :a", "NOT " * 500 + "a = :a", "a[0][9999999999999] = :a"):
        with pytest.raises(ClientError) as caught:
            dynamodb.put_item(
                TableName="odd-inputs",
                Item={"id": {"S": "x"}},
                ConditionExpression=expression,
                ExpressionAttributeValues={":a": {"S": "v"}},
            )
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("expires", ["9" * 5_000, "²", "١", "-1", "604801"])
def test_an_expiry_that_is_no_number_of_seconds_is_refused(
    endpoint: Endpoint, expires: str
) -> None:
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": "AKIAIOSFODNN7EXAMPLE/20260101/ap-northeast-2/s3/aws4_request",
        "X-Amz-Date": "20260101T000000Z",
        "X-Amz-Expires": expires,
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": "0" * 64,
    }
    answer = httpx.get(f"{endpoint.url}/bucket/key", params=query)
    assert (answer.status_code, "X-Amz-Expires must be" in answer.text) == (400, True)


def test_of_awss_policies_those_in_use_are_told(endpoint: Endpoint, role: str) -> None:
    iam = endpoint.client("iam")
    view = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
    iam.attach_role_policy(RoleName="enginrect-irsa-role", PolicyArn=view)
    told = iam.get_account_authorization_details()["Policies"]
    assert (view, "ViewOnlyAccess") in {(each["Arn"], each["PolicyName"]) for each in told}
    assert len(told) < 20
