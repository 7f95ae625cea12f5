"""Only what a later write overwrites whole is left out of the journal."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from irsa_sandbox.aws.records.compaction import Reader, survivors


def s3(operation: str, path: str, *headers: str, query: str = "") -> dict[str, Any]:
    return {
        "service": "s3",
        "operation": operation,
        "path": path,
        "query": query,
        "headers": [[name, "x"] for name in headers],
        "body": "",
    }


def dynamodb(operation: str, account: str = "111122223333", **body: Any) -> dict[str, Any]:
    content = base64.b64encode(json.dumps({"TableName": "t", **body}).encode()).decode()
    place = {"account": account, "region": "ap-northeast-2"}
    return {"service": "dynamodb", "operation": operation, "body": content, **place}


KEY = {"id": {"S": "1"}}
TABLE = dynamodb("CreateTable", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
PUT = s3("PutObject", "/b/k")


@pytest.mark.parametrize(
    ("entries", "kept"),
    [
        pytest.param([PUT, PUT], "-+", id="overwritten"),
        pytest.param([PUT, s3("PutObject", "/b/other")], "++", id="another object"),
        pytest.param([PUT, s3("DeleteObject", "/b/k")], "-+", id="deleted"),
        pytest.param([PUT, s3("PutObject", "/c/k")], "++", id="another bucket"),
        pytest.param([PUT, s3("PutObject", "/b/k", "if-match")], "++", id="on a condition"),
        pytest.param([PUT, s3("CopyObject", "/b/x"), PUT], "+++", id="copied before"),
        pytest.param([PUT, s3("PutBucketVersioning", "/b"), PUT, PUT], "++++", id="versions"),
        pytest.param(
            [s3("CreateBucket", "/b", "x-amz-bucket-object-lock-enabled"), PUT, PUT],
            "+++",
            id="locked objects",
        ),
        pytest.param(
            [PUT, {"service": "iam", "operation": "CreateRole"}, PUT], "-++", id="another service"
        ),
        pytest.param(
            [
                TABLE,
                dynamodb("PutItem", Item=KEY | {"n": {"N": "1"}}),
                dynamodb("PutItem", Item=KEY),
            ],
            "+-+",
            id="item put again",
        ),
        pytest.param(
            [TABLE, dynamodb("UpdateItem", Key=KEY), dynamodb("DeleteItem", Key=KEY)],
            "+-+",
            id="item deleted",
        ),
        pytest.param(
            [TABLE, dynamodb("PutItem", Item=KEY), dynamodb("UpdateItem", Key=KEY)],
            "+++",
            id="item changed",
        ),
        pytest.param(
            [
                TABLE,
                dynamodb("PutItem", Item=KEY),
                dynamodb("PutItem", Item=KEY, ConditionExpression="attribute_exists(id)"),
            ],
            "+++",
            id="item on a condition",
        ),
        pytest.param(
            [dynamodb("PutItem", Item=KEY), dynamodb("PutItem", Item=KEY)], "++", id="unknown table"
        ),
        pytest.param(
            [
                TABLE,
                dynamodb("PutItem", Item=KEY),
                dynamodb("DeleteTable"),
                TABLE,
                dynamodb("PutItem", Item=KEY),
            ],
            "+++++",
            id="table made again",
        ),
        pytest.param(
            [TABLE, dynamodb("PutItem", "444455556666", Item=KEY), dynamodb("PutItem", Item=KEY)],
            "+++",
            id="another account",
        ),
    ],
)
def test_what_is_kept(entries: list[dict[str, Any]], kept: str) -> None:
    reader = Reader()
    needed = survivors([reader.effect(each) for each in entries])
    assert "".join("+" if each else "-" for each in needed) == kept
