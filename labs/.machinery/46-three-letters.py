from irsa_helpers import pods
from irsa_helpers.labs.goals import acts_as_role, trusts_only_app
from irsa_helpers.labs.look import look
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.queues import (
    deploy_consumer,
    fill_queue,
    handles_once,
    may_take,
    orders_left,
    queue_arn,
    queue_url,
    takes_only,
)
from irsa_helpers.labs.scene import DEPLOYMENT, Scene


def setup(scene: Scene) -> None:
    """Two orders wait, and the role may look at them only."""
    fill_queue(scene, "order 17", "order 18")
    scene.allow(["sqs:ReceiveMessage", "sqs:GetQueueAttributes"], queue_arn(scene))
    deploy_consumer(scene)
    scene.wait_for_log("is handled")


def check(scene: Scene) -> list[Goal]:
    acts = acts_as_role(scene, look(scene))
    return [handles_once(scene), acts, trusts_only_app(scene), takes_only(scene)]


def solution(scene: Scene) -> None:
    """What is handled can be taken out."""
    actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    scene.allow(actions, queue_arn(scene))


def empty_the_queue(scene: Scene) -> None:
    """The letters stop, until the next order comes."""
    scene.world.aws("sqs").purge_queue(QueueUrl=queue_url(scene))


def all_of_sqs(scene: Scene) -> None:
    """The app may empty and delete each queue of the account."""
    scene.allow("sqs:*", "*")


def without_the_app(scene: Scene) -> None:
    """No letters at all."""
    pods.ensure_no_deployment(scene.world, DEPLOYMENT, namespace=scene.namespace)
    empty_the_queue(scene)


def emptied(scene: Scene) -> str:
    """There is nothing in the queue, and nothing was mended."""
    if may_take(scene) or orders_left(scene):
        return ""
    return "The queue is empty for now. The next order stays in it as these did."


SLIPS = [emptied]
FIXES = [empty_the_queue, all_of_sqs, without_the_app]
