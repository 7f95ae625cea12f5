"""A role from nowhere: the world at the lab's start."""

from irsa_helpers import pod_identity, roles
from irsa_helpers.labs.scene import SERVICE_ACCOUNT, build_scene
from irsa_helpers.worlds import World


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    scene = build_scene(world, "30")
    old = f"{scene.namespace}-old-role"
    roles.ensure_role(world, old, pod_identity.build_pod_identity_trust_policy())
    pod_identity.ensure_association(
        world,
        SERVICE_ACCOUNT,
        role_arn=roles.role_arn(world, old),
        namespace=scene.namespace,
    )
    scene.deploy()
