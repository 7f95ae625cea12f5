"""The back door: tempting fixes that must not pass."""

import time

from irsa_helpers import pods
from irsa_helpers.worlds import World

EVERYWHERE_ELSE = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}


def ask_it_not_to(world: World) -> None:
    """A variable is a wish: whoever runs commands in the Pod takes it out again."""
    variable = {"name": "AWS_EC2_METADATA_DISABLED", "value": "true"}
    container = {"name": "tracker", "env": [variable]}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
    deployments = world.resource("apps/v1", "Deployment")
    deployments.patch(name="tracker", namespace="lab-29", body=patch)
    pods.wait_for_pod(world, "tracker", namespace="lab-29")


def the_app_only(world: World) -> None:
    """The policy selects the app's Pods, and not the one in question."""
    policy = {
        "metadata": {"name": "no-metadata-service"},
        "spec": {
            "podSelector": {"matchLabels": {"app": "app"}},
            "policyTypes": ["Egress"],
            "egress": [{"to": [EVERYWHERE_ELSE]}],
        },
    }
    policies = world.resource("networking.k8s.io/v1", "NetworkPolicy")
    policies.create(namespace="lab-29", body=policy)


def send_the_tracker_away(world: World) -> None:
    """The way is as open as before to whoever comes next."""
    deployments, living = world.resource("apps/v1", "Deployment"), world.resource("v1", "Pod")
    deployments.patch(name="tracker", namespace="lab-29", body={"spec": {"replicas": 0}})
    while living.get(namespace="lab-29", label_selector="app=tracker").items:
        time.sleep(0.05)


def cut_all_off(world: World) -> None:
    """The door is shut, and every other: on a real cluster the app reaches nothing any more."""
    policy = {
        "metadata": {"name": "nothing-at-all"},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"]},
    }
    policies = world.resource("networking.k8s.io/v1", "NetworkPolicy")
    policies.create(namespace="lab-29", body=policy)


FIXES = [ask_it_not_to, the_app_only, send_the_tracker_away, cut_all_off]
