"""The back door: what must work again."""

from typing import Any

from irsa_helpers import pods
from irsa_helpers.labs.goals import chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.policy.network import may_reach
from irsa_helpers.worlds import World

SHUT = "no Pod of the namespace gets the node's credentials"
ONLINE = "on a real cluster, too, the app would reach AWS"
# What a call of AWS takes: an address of a public service, and the cluster's DNS.
NEEDED = {"AWS (port 443)": ("203.0.113.1", 443), "DNS (port 53)": ("10.100.0.10", 53)}
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
    policies = _policies(world)
    reaching = [name for name in ("app", "tracker") if _reaches(world, name)]
    if not reaching and may_reach(_pod("tomorrow"), policies):
        reaching = ["a Pod of other labels, if there were one"]
    found = f"{' and '.join(reaching)} can get them" if reaching else "nobody gets them"
    shut = Goal(SHUT, not reaching, found, "nobody gets them")
    lost = [name for name, where in NEEDED.items() if not may_reach(_pod("app"), policies, *where)]
    seen = f"it is cut off from {' and '.join(lost)}" if lost else "nothing is in its way"
    online = Goal(ONLINE, not lost, seen, "its way to AWS and to the names of hosts is open")
    return [*chain_goals(world, "29"), shut, online]


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


def _pod(app: str) -> dict[str, Any]:
    """A Pod of that label, as policies look at it; one may come tomorrow."""
    return {"metadata": {"labels": {"app": app}}, "spec": {}}


def _policies(world: World) -> list[dict[str, Any]]:
    """The namespace's NetworkPolicies."""
    listed = world.resource("networking.k8s.io/v1", "NetworkPolicy").get(namespace="lab-29")
    found: list[dict[str, Any]] = listed.to_dict()["items"]
    return found
