"""What was acknowledged is there after a crash, with the same ids, times and contents."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from aws_endpoint import REGION, Endpoint, Server, assume, forget_records, trust_policy

from irsa_sandbox import notices
from irsa_sandbox.aws import Aws, create
from irsa_sandbox.aws.records.journal import SHORT, Journal
from irsa_sandbox.aws.wire.invocations import Invocation

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


def entry(key: str, operation: str = "PutObject", **more: Any) -> dict[str, Any]:
    made = Invocation("s3", operation, REGION, "111122223333", "PUT", f"/kept/{key}")
    return {"at": 1.0, "seed": 1, **made.to_entry(), **more}


def add(journal: Journal, key: str, **more: Any) -> None:
    journal.write(entry(key, **more))
    journal.keep()


def paths(journal: Journal) -> list[str]:
    return [each["path"] for each in journal.entries()]


def test_a_line_that_a_crash_cut_short_is_dropped(tmp_path: Any) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    add(journal, "1")
    journal.close()
    with path.open("ab") as stream:
        stream.write(b'{"n": 2, "half')
    journal = Journal(path)
    add(journal, "3")
    assert paths(journal) == ["/kept/1", "/kept/3"]
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


def test_what_is_taken_back_was_never_there(tmp_path: Any) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    add(journal, "1")
    journal.write(entry("refused"))
    journal.take_back()
    add(journal, "2")
    assert paths(journal) == ["/kept/1", "/kept/2"]
    journal.close()


@pytest.mark.parametrize("damage", [b"{half", b"[]", b"\xff\xfe", b'{"n": 1}', b"[" * 100_000])
def test_a_damaged_line_costs_itself_and_is_named(tmp_path: Any, damage: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    for number in range(3):
        add(journal, str(number))
    journal.close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], damage + b"\n", lines[2]]))
    journal = Journal(path)
    assert paths(journal) == ["/kept/0", "/kept/2"]
    journal.close()
    assert damage in (tmp_path / "journal.jsonl.damaged-1").read_bytes()
    [said] = [text for text in notices.told() if str(path) in text]
    assert "line 2 cannot be read" in said
    assert "the other 2 lines are there" in said


def test_what_is_overwritten_is_left_out_as_the_journal_grows(tmp_path: Any) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    add(journal, "", operation="CreateBucket")
    for number in range(5 * SHORT):
        journal.write(entry(str(number % 2)))
        journal._note(*journal._written)  # as kept, without a wait for the disk
    journal._compact_when_long()
    add(journal, "0", operation="DeleteObject")
    journal.close()
    journal = Journal(path)
    assert paths(journal)[0] == "/kept/"
    assert len(journal) <= 4
    assert path.stat().st_mode & 0o777 == 0o600
    journal.close()


def test_a_start_leaves_out_what_is_overwritten_however_little_it_is(tmp_path: Any) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    for key in ("a", "b", *["c"] * 20, "a"):
        add(journal, key)
    assert len(journal) == 23
    journal.close()
    again = Journal(path)
    assert paths(again) == ["/kept/b", "/kept/c", "/kept/a"]
    again.close()
