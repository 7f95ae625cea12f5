"""What was acknowledged is there after a crash, with the same ids, times and contents."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from aws_endpoint import REGION, Endpoint, Server, assume, forget_records, trust_policy

from irsa_helpers.sandbox.aws import Aws, create
from irsa_helpers.sandbox.aws.journal import Journal

READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::kept/*"}],
}


def everything(endpoint: Endpoint) -> dict[str, Any]:
    """All that the tests put into the account, as its API shows it."""
    iam, s3 = endpoint.client("iam"), endpoint.client("s3")
    dynamodb, secrets = endpoint.client("dynamodb"), endpoint.client("secretsmanager")
    answers = {
        "roles": iam.list_roles()["Roles"],
        "users": iam.list_users()["Users"],
        "providers": iam.list_open_id_connect_providers()["OpenIDConnectProviderList"],
        "provider": iam.get_open_id_connect_provider(
            OpenIDConnectProviderArn=iam.list_open_id_connect_providers()[
                "OpenIDConnectProviderList"
            ][0]["Arn"]
        ),
        "buckets": s3.list_buckets()["Buckets"],
        "objects": s3.list_objects_v2(Bucket="kept")["Contents"],
        "large": s3.get_object(Bucket="kept", Key="large")["Body"].read()[:64],
        "item": dynamodb.get_item(TableName="kept", Key={"id": {"S": "1"}})["Item"],
        "secret": secrets.get_secret_value(SecretId="kept"),
        "cluster": endpoint.client("eks").describe_cluster(name="enginrect-cluster")["cluster"],
    }
    for answer in answers.values():
        if isinstance(answer, dict):
            answer.pop("ResponseMetadata", None)
    return answers


@pytest.fixture(scope="module")
def filled(endpoint: Endpoint, role: str) -> Endpoint:
    """An account in which something of every kind was made."""
    s3, iam = endpoint.client("s3"), endpoint.client("iam")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(
        Bucket="kept", Key="a key with/blanks & ü.txt", Body=b"small", Metadata={"a": "b"}
    )
    upload = s3.create_multipart_upload(Bucket="kept", Key="large")["UploadId"]
    part = s3.upload_part(
        Bucket="kept", Key="large", UploadId=upload, PartNumber=1, Body=b"x" * 5_300_000
    )
    parts = [{"ETag": part["ETag"], "PartNumber": 1}]
    s3.complete_multipart_upload(
        Bucket="kept", Key="large", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    iam.put_role_policy(
        RoleName="enginrect-irsa-role", PolicyName="read", PolicyDocument=json.dumps(READ)
    )
    iam.add_client_id_to_open_id_connect_provider(
        OpenIDConnectProviderArn=iam.list_open_id_connect_providers()["OpenIDConnectProviderList"][
            0
        ]["Arn"],
        ClientID="another",
    )
    endpoint.client("dynamodb").create_table(
        TableName="kept",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    endpoint.client("dynamodb").put_item(TableName="kept", Item={"id": {"S": "1"}})
    endpoint.client("secretsmanager").create_secret(Name="kept", SecretString="hidden")
    return endpoint


def restarted(endpoint: Endpoint) -> Endpoint:
    """The same folder served anew: nothing of what was in memory is left."""
    forget_records()
    return Endpoint(create(endpoint.settings), endpoint.settings, endpoint.issuer, "")


def test_after_a_crash_all_is_as_it_was_acknowledged(filled: Endpoint) -> None:
    before = everything(filled)
    session = assume(filled, "arn:aws:iam::111122223333:role/enginrect-irsa-role")["Credentials"]
    second = restarted(filled)
    with Server(second.aws) as url:
        second.url = url
        assert everything(second) == before
        identity = second.client("sts", session).get_caller_identity()
        assert identity["Arn"].endswith(":assumed-role/enginrect-irsa-role/pod")
        body = second.client("s3", session).get_object(Bucket="kept", Key="large")["Body"]
        assert len(body.read()) == 5_300_000


def test_a_line_that_a_crash_cut_short_is_dropped(tmp_path: Any) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append({"n": 1})
    journal.close()
    with path.open("ab") as stream:
        stream.write(b'{"n": 2, "half')
    journal = Journal(path)
    journal.append({"n": 3})
    assert [entry["n"] for entry in journal.entries()] == [1, 3]
    journal.close()


def test_reads_and_refused_calls_leave_no_trace_in_the_journal(filled: Endpoint) -> None:
    path = filled.settings.home / "journal.jsonl"
    second = restarted(filled)
    with Server(second.aws) as url:
        second.url = url
        before = path.stat().st_size
        everything(second)
        with pytest.raises(boto3.client("iam", REGION).exceptions.EntityAlreadyExistsException):
            second.client("iam").create_role(
                RoleName="enginrect-irsa-role",
                AssumeRolePolicyDocument=json.dumps(trust_policy()),
            )
        assert path.stat().st_size == before


def test_starting_anew_changes_nothing(filled: Endpoint, restart: Callable[[], Aws]) -> None:
    path = filled.settings.home / "journal.jsonl"
    before = path.read_bytes()
    asyncio.run(restart().stop())
    assert path.read_bytes() == before
