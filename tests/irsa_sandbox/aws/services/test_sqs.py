"""SQS: who may send, receive and delete, in the words of the service."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from aws_endpoint import ACCOUNT, Endpoint, assume
from botocore.exceptions import ClientError

from irsa_sandbox.aws import Aws

ARN = f"arn:aws:sqs:ap-northeast-2:{ACCOUNT}:orders"


def policy(**statement: Any) -> str:
    """A policy of one statement that allows something on the queue."""
    whole = {"Effect": "Allow", "Resource": ARN} | statement
    return json.dumps({"Version": "2012-10-17", "Statement": [whole]})


@pytest.fixture(scope="module")
def queue(endpoint: Endpoint) -> str:
    """The URL of a queue that the admin has made."""
    return str(endpoint.client("sqs").create_queue(QueueName="orders")["QueueUrl"])


@pytest.fixture
def consumer(endpoint: Endpoint, role: str) -> Any:
    """A client of a role that may receive, and no more."""
    document = policy(Action="sqs:ReceiveMessage")
    name = role.rpartition("/")[2]
    endpoint.client("iam").put_role_policy(
        RoleName=name, PolicyName="receive", PolicyDocument=document
    )
    return endpoint.client("sqs", assume(endpoint, role)["Credentials"])


def test_a_queue_has_the_url_that_aws_gives_it(queue: str) -> None:
    assert queue == f"https://sqs.ap-northeast-2.amazonaws.com/{ACCOUNT}/orders"


def test_a_refusal_is_in_the_form_of_sqs(queue: str, consumer: Any) -> None:
    with pytest.raises(ClientError) as raised:
        consumer.send_message(QueueUrl=queue, MessageBody="one")
    answer = raised.value.response
    assert answer["Error"]["Code"] == "AccessDenied"
    assert answer["Error"]["Message"] == (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/enginrect-irsa-role/pod is not authorized to "
        f"perform: sqs:sendmessage on resource: {ARN} because no identity-based policy allows the "
        "sqs:sendmessage action"
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    with pytest.raises(ClientError, match=f"sqs:listqueues on resource: {ARN[:-6]} because"):
        consumer.list_queues()


def test_what_is_received_and_not_deleted_comes_again(
    endpoint: Endpoint, queue: str, consumer: Any
) -> None:
    admin = endpoint.client("sqs")
    admin.send_message(QueueUrl=queue, MessageBody="one")
    wanted, changes = {"QueueUrl": queue, "VisibilityTimeout": 0}, endpoint.aws.changes
    [first], [second] = (consumer.receive_message(**wanted)["Messages"] for _ in range(2))
    assert endpoint.aws.changes == changes, "whoever watches the world is not woken by it"
    assert (first["Body"], first["MessageId"]) == ("one", second["MessageId"])
    receipt = {"QueueUrl": queue, "ReceiptHandle": second["ReceiptHandle"]}
    with pytest.raises(ClientError, match="sqs:deletemessage on resource"):
        consumer.delete_message(**receipt)
    entries = [{"Id": "1", "ReceiptHandle": second["ReceiptHandle"]}]
    with pytest.raises(ClientError, match="sqs:deletemessage on resource"):
        consumer.delete_message_batch(QueueUrl=queue, Entries=entries)
    admin.delete_message(**receipt)
    assert "Messages" not in admin.receive_message(**wanted)


def test_the_queues_policy_can_let_in_and_shut_out(
    endpoint: Endpoint, queue: str, role: str, consumer: Any
) -> None:
    admin = endpoint.client("sqs")

    def says(document: str) -> None:
        admin.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": document})

    says(policy(Principal={"AWS": role}, Action="sqs:SendMessage"))
    assert consumer.send_message(QueueUrl=queue, MessageBody="two")["MessageId"]
    says(policy(Principal={"AWS": role}, Action="sqs:SendMessage", Effect="Deny"))
    with pytest.raises(ClientError, match="with an explicit deny in a resource-based policy"):
        consumer.send_message(QueueUrl=queue, MessageBody="three")
    with pytest.raises(ClientError, match="Invalid value for the parameter Policy"):
        says(policy(Action="sqs:SendMessage"))
    says("")
    kept = admin.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert "Policy" not in kept
    admin.purge_queue(QueueUrl=queue)


def test_whoever_waits_gets_what_comes_and_holds_nobody_up(
    endpoint: Endpoint, queue: str, consumer: Any
) -> None:
    received: list[Any] = []

    def wait() -> None:
        received.append(consumer.receive_message(QueueUrl=queue, WaitTimeSeconds=20))

    waiting = threading.Thread(target=wait)
    waiting.start()
    admin = endpoint.client("sqs")
    admin.send_message(QueueUrl=queue, MessageBody="at last")
    waiting.join(60)
    [message] = received[0]["Messages"]
    assert message["Body"] == "at last"
    admin.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def test_looking_into_an_empty_queue_is_not_kept(endpoint: Endpoint, queue: str) -> None:
    journal = endpoint.settings.home / "journal.jsonl"
    before = journal.read_bytes()
    assert "Messages" not in endpoint.client("sqs").receive_message(QueueUrl=queue)
    assert journal.read_bytes() == before


def test_a_message_outlives_a_restart(
    endpoint: Endpoint, queue: str, restart: Callable[[], Aws]
) -> None:
    admin = endpoint.client("sqs")
    sent = admin.send_message(QueueUrl=queue, MessageBody="kept")["MessageId"]
    [before] = admin.receive_message(QueueUrl=queue, VisibilityTimeout=0)["Messages"]
    restart()
    assert before["MessageId"] == sent
    admin.delete_message(QueueUrl=queue, ReceiptHandle=before["ReceiptHandle"])
    assert "Messages" not in admin.receive_message(QueueUrl=queue)


def test_another_accounts_queue_must_let_in_and_be_allowed(
    endpoint: Endpoint, queue: str, consumer: Any
) -> None:
    foreign = queue.replace(ACCOUNT, "444455556666")
    with pytest.raises(ClientError, match=r"sqs:receivemessage on resource: \S+:444455556666:"):
        consumer.receive_message(QueueUrl=foreign)
