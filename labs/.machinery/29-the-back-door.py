import time
from typing import Any

from irsa_helpers import pods, serviceaccounts
from irsa_helpers.labs.goals import chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene
from irsa_helpers.policy.network import may_reach

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
EVERYWHERE_ELSE = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}


def setup(scene: Scene) -> None:
    scene.deploy()
    serviceaccounts.ensure_service_account(scene.world, "tracker-sa", namespace=scene.namespace)
    pods.ensure_deployment(
        scene.world, "tracker", service_account="tracker-sa", namespace=scene.namespace
    )
    pods.wait_for_pod(scene.world, "tracker", namespace=scene.namespace)


def check(scene: Scene) -> list[Goal]:
    policies = _policies(scene)
    reaching = [name for name in ("app", "tracker") if _reaches(scene, name)]
    if not reaching and may_reach(_pod("tomorrow"), policies):
        reaching = ["a Pod of other labels, if there were one"]
    found = f"{' and '.join(reaching)} can get them" if reaching else "nobody gets them"
    shut = Goal(SHUT, not reaching, found, "nobody gets them")
    lost = [name for name, where in NEEDED.items() if not may_reach(_pod("app"), policies, *where)]
    seen = f"it is cut off from {' and '.join(lost)}" if lost else "nothing is in its way"
    online = Goal(ONLINE, not lost, seen, "its way to AWS and to the names of hosts is open")
    return [*chain_goals(scene), shut, online]


def _reaches(scene: Scene, deployment: str) -> bool:
    """Whether the metadata service answers one of that Deployment's Pods, if it has one."""
    listed: Any = scene.world.resource("v1", "Pod").get(
        namespace=scene.namespace,
        label_selector=f"app={deployment}",
        field_selector="status.phase=Running",
    )
    living = [pod for pod in listed.items if not pod.metadata.deletionTimestamp]
    if not living:
        return False
    name = living[0].metadata.name
    answer = pods.exec_in_pod(scene.world, name, ["python", "-c", ASK], namespace=scene.namespace)
    return answer.exit_code == 0


def _pod(app: str) -> dict[str, Any]:
    """A Pod of that label, as policies look at it; one may come tomorrow."""
    return {"metadata": {"labels": {"app": app}}, "spec": {}}


def _policies(scene: Scene) -> list[dict[str, Any]]:
    """The namespace's NetworkPolicies."""
    listed = scene.world.resource("networking.k8s.io/v1", "NetworkPolicy").get(
        namespace=scene.namespace
    )
    found: list[dict[str, Any]] = listed.to_dict()["items"]
    return found


def solution(scene: Scene) -> None:
    """The door is closed for every Pod of the namespace; every other way out stays open."""
    policy = {
        "metadata": {"name": "no-metadata-service"},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [EVERYWHERE_ELSE]}],
        },
    }
    policies = scene.world.resource("networking.k8s.io/v1", "NetworkPolicy")
    policies.create(namespace=scene.namespace, body=policy)


def ask_it_not_to(scene: Scene) -> None:
    """A variable is a wish: whoever runs commands in the Pod takes it out again."""
    variable = {"name": "AWS_EC2_METADATA_DISABLED", "value": "true"}
    container = {"name": "tracker", "env": [variable]}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
    deployments = scene.world.resource("apps/v1", "Deployment")
    deployments.patch(name="tracker", namespace=scene.namespace, body=patch)
    pods.wait_for_pod(scene.world, "tracker", namespace=scene.namespace)


def the_app_only(scene: Scene) -> None:
    """The policy selects the app's Pods, and not the one in question."""
    policy = {
        "metadata": {"name": "no-metadata-service"},
        "spec": {
            "podSelector": {"matchLabels": {"app": "app"}},
            "policyTypes": ["Egress"],
            "egress": [{"to": [EVERYWHERE_ELSE]}],
        },
    }
    policies = scene.world.resource("networking.k8s.io/v1", "NetworkPolicy")
    policies.create(namespace=scene.namespace, body=policy)


def send_the_tracker_away(scene: Scene) -> None:
    """The way is as open as before to whoever comes next."""
    deployments, living = (
        scene.world.resource("apps/v1", "Deployment"),
        scene.world.resource("v1", "Pod"),
    )
    deployments.patch(name="tracker", namespace=scene.namespace, body={"spec": {"replicas": 0}})
    while living.get(namespace=scene.namespace, label_selector="app=tracker").items:
        time.sleep(0.05)


def cut_all_off(scene: Scene) -> None:
    """The door is shut, and every other: on a real cluster the app reaches nothing any more."""
    policy = {
        "metadata": {"name": "nothing-at-all"},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"]},
    }
    policies = scene.world.resource("networking.k8s.io/v1", "NetworkPolicy")
    policies.create(namespace=scene.namespace, body=policy)


FIXES = [ask_it_not_to, the_app_only, send_the_tracker_away, cut_all_off]
