"""Goals of labs in which the app takes orders out of a queue of SQS, and how it gets one."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from irsa_helpers.labs.goals import outsiders, policies_of
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.openings import allowed, opens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irsa_helpers.labs.scene import Scene

HANDLED = "each order is handled once: none that was handled is left in the queue"
TAKES = "the role may take orders out of its queue and nothing more, and nobody else may"
TAKING = ("sqs:ReceiveMessage", "sqs:DeleteMessage")
# They belong to taking, and open nothing.
BESIDES = {"sqs:getqueueattributes", "sqs:getqueueurl", "sqs:changemessagevisibility"}
MORE = ("SendMessage", "PurgeQueue", "DeleteQueue", "SetQueueAttributes", "AddPermission")
SECONDS = 5
"""For how long a message that was received is out of sight."""
WAIT_SECONDS = 30.0
APP = """
import boto3, os
from botocore.exceptions import ClientError
sqs, queue = boto3.client("sqs"), os.environ["QUEUE_URL"]
while True:
    answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)
    for message in answer.get("Messages", []):
        print(message["Body"], "is handled: a letter goes to the customer", flush=True)
        try:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        except ClientError as error:
            print(error, flush=True)
"""


def queue_name(scene: Scene) -> str:
    """As in `lab-46-orders`."""
    return f"{scene.namespace}-orders"


def queue_arn(scene: Scene, name: str = "") -> str:
    """The ARN of the queue, or of one of another name beside it."""
    place = f"{scene.world.region}:{scene.world.cluster.account_id}"
    return f"arn:aws:sqs:{place}:{name or queue_name(scene)}"


def queue_url(scene: Scene) -> str:
    """The queue's URL. Raises SQS's error where there is none."""
    return str(scene.world.aws("sqs").get_queue_url(QueueName=queue_name(scene))["QueueUrl"])


def fill_queue(scene: Scene, *orders: str) -> None:
    """The queue exists, and holds these orders."""
    sqs = scene.world.aws("sqs")
    attributes = {"VisibilityTimeout": str(SECONDS)}
    made = sqs.create_queue(QueueName=queue_name(scene), Attributes=attributes)
    for order in orders:
        sqs.send_message(QueueUrl=made["QueueUrl"], MessageBody=order)


def deploy_consumer(scene: Scene) -> None:
    """The app runs, and handles what comes into the queue."""
    config = {"metadata": {"name": "app"}, "data": {"app.py": APP}}
    scene.world.resource("v1", "ConfigMap").create(namespace=scene.namespace, body=config)
    scene.deploy(
        environment={"QUEUE_URL": queue_url(scene)},
        container={
            "image": "python:3.12",
            "command": ["python", "/app/app.py"],
            "volumeMounts": [{"name": "app", "mountPath": "/app"}],
        },
        pod={"volumes": [{"name": "app", "configMap": {"name": "app"}}]},
    )


def handles_once(scene: Scene) -> Goal:
    """Nothing lies in the queue; where the app may delete, it is given the time to."""
    expected = "no order in the queue, as the app has handled all of them"
    until = time.monotonic() + (WAIT_SECONDS if may_take(scene) else 0)
    try:
        left = orders_left(scene)
        while left and time.monotonic() < until:
            time.sleep(0.2)
            left = orders_left(scene)
    except ClientError as error:
        return Goal(HANDLED, reached=False, found=str(error), expected=expected)
    said = f"{left} are in the queue, and are handled again and again" if left else expected
    return Goal(HANDLED, not left, said, expected)


def orders_left(scene: Scene) -> int:
    """How many messages the queue holds, those out of sight among them."""
    kinds = ("", "NotVisible", "Delayed")
    names = [f"ApproximateNumberOfMessages{kind}" for kind in kinds]
    answer = scene.world.aws("sqs").get_queue_attributes(
        QueueUrl=queue_url(scene), AttributeNames=names
    )
    return sum(int(answer["Attributes"][name]) for name in names)


def takes_only(scene: Scene) -> Goal:
    """What the role's policies and the queue's own let it do, and whom else the queue lets in."""
    scene = scene.as_it_is()
    try:
        faults = list(_faults(scene))
    except ClientError as error:
        return Goal(TAKES, reached=False, found=str(error), expected="the queue")
    expected = "orders received and taken out, of that queue alone"
    return Goal(TAKES, not faults, "; ".join(faults) or "just that", expected)


def _faults(scene: Scene) -> Iterator[str]:
    policy, own = _policy(scene), policies_of(scene.world, scene.role)
    arn = queue_arn(scene)
    if not may_take(scene):
        yield "it may not do all that this takes"
    if any(opens(policy, scene.role_arn, f"sqs:{more}", arn, own) for more in MORE):
        yield "too wide: it may do more with the queue"
    if any(opens(None, scene.role_arn, TAKING[0], other, own) for other in _other_queues(scene)):
        yield "too wide: it may take out of other queues as well"
    taking = {action.lower() for action in TAKING} | BESIDES
    given = {action.lower() for action, _ in allowed(own)}
    if {action for action in given - taking if not action.startswith("sqs:")}:
        yield "too wide: its policies allow other things as well"
    if any(opens(policy, who, TAKING[0], arn, said) for who, said in outsiders(scene)):
        yield "too wide: others may take orders as well"


def may_take(scene: Scene) -> bool:
    """Whether the app's role may receive from its queue and delete there."""
    scene = scene.as_it_is()
    own, policy = policies_of(scene.world, scene.role), _policy(scene)
    return all(opens(policy, scene.role_arn, it, queue_arn(scene), own) for it in TAKING)


def _other_queues(scene: Scene) -> list[str]:
    return [queue_arn(scene, name) for name in (f"{queue_name(scene)}-eu", "payments")]


def _policy(scene: Scene) -> dict[str, Any] | None:
    """The queue's own policy, None where it has none or is gone."""
    try:
        answer = scene.world.aws("sqs").get_queue_attributes(
            QueueUrl=queue_url(scene), AttributeNames=["Policy"]
        )
    except ClientError:
        return None
    text = answer.get("Attributes", {}).get("Policy")
    policy: dict[str, Any] | None = json.loads(text) if text else None
    return policy
