"""The back door: what must work again."""

from typing import Any

from irsa_helpers import pods
from irsa_helpers.labs.goals import chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.policy.network import may_reach
from irsa_helpers.world import World

SHUT = "no Pod of the namespace reaches the metadata service"
# Asks as an SDK does, but gives up sooner.
ASK = """
import os, urllib.request
url = os.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] + "/latest/api/token"
seconds = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
request = urllib.request.Request(url, method="PUT", headers=seconds)
print(urllib.request.urlopen(request, timeout=0.4).status)
"""


def check(world: World) -> list[Goal]:
    """Each goal with what was seen."""
    reaching = [name for name in ("app", "tracker") if _reaches(world, name)]
    if not reaching and _would_reach(world):
        reaching = ["a Pod of other labels, if there were one"]
    found = f"it answers {', '.join(reaching)}" if reaching else "it answers nobody"
    shut = Goal(SHUT, not reaching, found, "it answers nobody")
    return [*chain_goals(world, "29"), shut]


def _reaches(world: World, deployment: str) -> bool:
    """Whether the metadata service answers one of that Deployment's Pods, if it has one."""
    listed: Any = world.resource("v1", "Pod").get(
        namespace="lab-29",
        label_selector=f"app={deployment}",
        field_selector="status.phase=Running",
    )
    living = [pod for pod in listed.items if not pod.metadata.deletionTimestamp]
    if not living:
        return False
    name = living[0].metadata.name
    answer = pods.exec_in_pod(world, name, ["python", "-c", ASK], namespace="lab-29")
    return answer.exit_code == 0


def _would_reach(world: World) -> bool:
    """Whether the policies and the node leave the way open for a Pod that comes tomorrow."""
    listed = world.resource("networking.k8s.io/v1", "NetworkPolicy").get(namespace="lab-29")
    policies = listed.to_dict()["items"]
    new_pod: dict[str, Any] = {"metadata": {"labels": {"app": "tomorrow"}}, "spec": {}}
    return may_reach(new_pod, policies)
