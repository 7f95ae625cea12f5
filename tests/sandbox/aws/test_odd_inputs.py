"""Odd input is the caller's fault, said in the service's own words, and its answer can be read."""

from __future__ import annotations

import logging
import xml.etree.ElementTree as ElementTree
from typing import Any

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
