"""The back door: a way to mend it."""

from irsa_helpers.worlds import World

EVERYWHERE_ELSE = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}


def solution(world: World) -> None:
    """The door is closed for every Pod of the namespace; every other way out stays open."""
    policy = {
        "metadata": {"name": "no-metadata-service"},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [EVERYWHERE_ELSE]}],
        },
    }
    policies = world.resource("networking.k8s.io/v1", "NetworkPolicy")
    policies.create(namespace="lab-29", body=policy)
