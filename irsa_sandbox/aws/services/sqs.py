"""SQS: queues, their policies, and messages in them.

Source: SQS API, botocore sqs/2012-11-05; Service Authorization Reference, "Actions, resources, and
condition keys for Amazon SQS"; SQS Developer Guide, "Amazon SQS API permissions".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Policy, PolicyError, parse_policy
from irsa_sandbox.aws.decisions.need import Need, Rules
from irsa_sandbox.aws.decisions.resource_policies import lacks_principal, stored
from irsa_sandbox.aws.services.record import Around, Call, Service
from irsa_sandbox.aws.wire.invocations import Invocation
from irsa_sandbox.aws.wire.messages import Answer

# Operations that a policy of the queue can open to another account.
_SHARED = (
    *("ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "DeleteMessage"),
    *("DeleteMessageBatch", "GetQueueAttributes", "ListDeadLetterSourceQueues"),
    *("PurgeQueue", "ReceiveMessage", "SendMessage", "SendMessageBatch"),
)
_OWN = (
    *("AddPermission", "CreateQueue", "DeleteQueue", "GetQueueUrl", "ListQueueTags", "ListQueues"),
    *("RemovePermission", "SetQueueAttributes", "TagQueue", "UntagQueue"),
)
LONGEST_WAIT = 20
POLL_SECONDS = 0.1
_MESSAGE = b'"ReceiptHandle"'


def _needs(invocation: Invocation) -> list[Need] | None:
    """The permission that a call of SQS needs; a batch needs that of its single calls."""
    if invocation.operation not in (*_SHARED, *_OWN):
        return None
    arn = f"arn:aws:sqs:{invocation.region}:{_owner(invocation)}:{_name(invocation)}"
    queue = _find(_owner(invocation), invocation)
    tags = queue.tags if queue is not None else {}
    context: dict[str, str | list[str]] = {f"aws:ResourceTag/{key}": tags[key] for key in tags}
    action = invocation.operation.removesuffix("Batch")
    return [Need(f"sqs:{action}", arn, arn, context)]


def _name(invocation: Invocation) -> str:
    """The queue's name; empty where the call is about no queue."""
    parameters = invocation.parameters
    return str(
        parameters.get("QueueName") or str(parameters.get("QueueUrl", "")).rpartition("/")[2]
    )


def _owner(invocation: Invocation) -> str:
    """The account of the queue: its URL names it, but what is for owners alone stays at home."""
    url = str(invocation.parameters.get("QueueUrl", ""))
    named = url.split("/")[-2:-1]
    shared = invocation.operation in _SHARED and named and named[0].isdecimal()
    return named[0] if shared else invocation.account_id


def _find(account_id: str, invocation: Invocation, name: str = "") -> Any:
    """moto's record of a queue, None where there is none."""
    from moto.sqs.models import sqs_backends

    if account_id not in sqs_backends:
        return None
    return sqs_backends[account_id][invocation.region].queues.get(name or _name(invocation))


def _policy(invocation: Invocation, need: Need) -> tuple[Policy | None, str]:
    """The policy of the queue that a need is about, and the queue's account."""
    account_id, name = need.resource.split(":")[4:6]
    queue = _find(account_id, invocation, name)
    return (None, "") if queue is None else (stored(queue.policy), account_id)


async def _at_home(call: Call) -> Answer:
    """The answer of the queue's own account."""
    call.check()
    return await call.perform(replace(call.invocation, account_id=_owner(call.invocation)))


async def _receive(call: Call) -> Answer:
    """The messages that are there, or that come while the call waits.

    moto would wait in the thread that all of AWS's records have in common.
    """
    call.check()
    invocation = replace(call.invocation, account_id=_owner(call.invocation))
    seconds = _seconds_to_wait(invocation)
    loop = asyncio.get_running_loop()
    until, now = loop.time() + seconds, _without_waiting(invocation) if seconds else invocation
    while True:
        answer = await call.perform(now)
        if _MESSAGE in answer.body or answer.status >= 400 or loop.time() >= until:
            return answer
        await asyncio.sleep(POLL_SECONDS)


def _seconds_to_wait(invocation: Invocation) -> float:
    """How long a call waits for messages; 0 for what SQS refuses, which moto says."""
    queue = _find(invocation.account_id, invocation)
    default = queue.receive_message_wait_time_seconds if queue is not None else 0
    wanted = invocation.parameters.get("WaitTimeSeconds", default)
    return wanted if 0 <= wanted <= LONGEST_WAIT else 0


def _without_waiting(invocation: Invocation) -> Invocation:
    short = {"WaitTimeSeconds": 0}
    body = json.dumps(json.loads(invocation.body) | short).encode()
    return replace(invocation, body=body, parameters=invocation.parameters | short)


def _nothing_waits(invocation: Invocation) -> bool:
    """Whether a ReceiveMessage would find nothing, and so change nothing."""
    queue = _find(invocation.account_id, invocation)
    return queue is None or not queue.messages


def _check_policy(invocation: Invocation) -> None:
    """Return when SQS would store the policy among the attributes. Raises AwsError."""
    text = (invocation.parameters.get("Attributes") or {}).get("Policy")
    if not text:
        return
    try:
        policy = parse_policy(text)
    except PolicyError as error:
        raise _refused_policy(error.message) from error
    if lacks_principal(policy):
        raise _refused_policy("a statement has no Principal")


def _refused_policy(explanation: str) -> AwsError:
    text = "Invalid value for the parameter Policy."
    return AwsError("InvalidAttributeValue", 400, text, explanation=explanation)


def _clear_policy(invocation: Invocation, _: Around) -> None:
    """An empty policy takes the queue's away; moto leaves it."""
    if (invocation.parameters.get("Attributes") or {}).get("Policy") == "":
        vars(_find(invocation.account_id, invocation))["_policy_json"] = {}


def _prepare(_: Callable[[], datetime]) -> None:
    """A queue has AWS's URL, by whatever name the sandbox was called."""
    from moto.sqs.models import Queue

    def url(queue: Queue, _: object) -> str:
        return f"https://sqs.{queue.region}.amazonaws.com/{queue.account_id}/{queue.name}"

    Queue.url = url  # type: ignore[method-assign, assignment]


SERVICE = Service(
    "sqs",
    endpoint="sqs",
    moto="moto.sqs.responses:SQSResponse",
    prepare=_prepare,
    rules=Rules(_needs, _policy, in_small_letters=True),
    checks=dict.fromkeys(("CreateQueue", "SetQueueAttributes"), _check_policy),
    amends={"SetQueueAttributes": _clear_policy},
    idle={"ReceiveMessage": _nothing_waits},
    passing=frozenset(
        {"ReceiveMessage", "ChangeMessageVisibility", "ChangeMessageVisibilityBatch"}
    ),
    answers={**dict.fromkeys(_SHARED, _at_home), "ReceiveMessage": _receive},
)
